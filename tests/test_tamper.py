"""Whatever is altered in a real installation or in a copy from it is found where it was altered."""

from __future__ import annotations

from scripts.tamper import tamper


def test_every_alteration_of_the_tamper_table_is_found_where_it_was_made(tmp_path):
    rows = tamper(tmp_path)
    assert [row.what for row in rows if not row.is_found] == []
    assert len(rows) >= 14
