"""Adding what happened off the phone, and opening it: who may, what is taken, and what a browser gets."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import made_files
from tests.web.conftest import AS_BROWSER, NOW, WORKER
from tests.web.reading import read
from tests.web.records import MADE_BY, short_call
from worker.core.call import Party
from worker.core.dialogue.values import Added, Looked, Way
from worker.core.errors import BadRecording
from worker.core.log.entry import EntryKind, Role
from worker.web.pages.letter import LONGEST_SHOWN, read_email

PNG, PDF, EMAIL = made_files.png(), made_files.pdf(), made_files.email()


@pytest.fixture
def call_id(site):
    """A call that is ready, with its customer signed in."""
    call_id = site.publish(short_call())
    site.link(call_id)
    return call_id


def add(site, call_id, *, file=None, follow=False, **fields):
    """Sends the form as a browser does: without a file, there is an empty one without a name."""
    name, content = file if file is not None else ("", b"")
    files = {"file": (name, content, "application/octet-stream")}
    return site.client.post(
        f"/calls/{call_id}/added", data=fields, files=files, headers=AS_BROWSER, follow_redirects=follow
    )


def added(site, call_id) -> list:
    return [item for item in site.store.log.items(call_id) if item.kind is EntryKind.ADDED]


def number_of(response) -> int:
    assert response.status_code == 303, response.text
    return int(response.headers["location"].partition("#entry-")[2])


def looks(site, call_id) -> list[Way]:
    return [item.content.way for item in site.store.log.items(call_id) if isinstance(item.content, Looked)]


def page_of(site, call_id, party=Party.CUSTOMER):
    return site.open(call_id, party)


# Adding


def test_a_text_and_its_day_become_an_entry_that_the_page_leads_back_to(site, call_id):
    response = add(site, call_id, text="A technician came.\r\nHe left.", happened_on="2026-03-11")
    (item,) = added(site, call_id)
    assert response.headers["location"] == f"/calls/{call_id}#entry-{item.number}"
    assert item.content == Added("A technician came.\nHe left.", datetime(2026, 3, 11).date())
    assert item.actor.role is Role.CUSTOMER
    page = page_of(site, call_id)
    entry = page.one(id=f"entry-{item.number}")
    assert "A technician came." in entry.text
    assert "It happened on Wednesday 11 March 2026." in entry.text


@pytest.mark.parametrize("party", [Party.AGENT, Party.CUSTOMER])
def test_both_sides_add_and_each_sees_what_the_other_added(site, call_id, party):
    site.link(call_id, party)
    number = number_of(add(site, call_id, file=("photo.png", PNG), text="This is the leak."))
    other = Party.AGENT if party is Party.CUSTOMER else Party.CUSTOMER
    entry = page_of(site, call_id, other).one(id=f"entry-{number}")
    assert "This is the leak." in entry.text
    assert "photo.png" in entry.text
    assert site.client.get(f"/calls/{call_id}/files/{number}").content == PNG


def test_a_reviewer_adds_and_it_shows_as_theirs(site, call_id):
    reviewer = site.store.people.add("ombudsman@example.com", name="R. Okafor", is_reviewer=True)
    site.store.people.give_role(call_id, reviewer.id, Role.REVIEWER)
    site.sign_in(reviewer)
    number = number_of(add(site, call_id, text="I visited the shop."))
    (item,) = added(site, call_id)
    assert item.actor.role is Role.REVIEWER
    assert "R. Okafor" in page_of(site, call_id).one(id=f"entry-{number}").text


def test_nobody_else_adds_or_opens(site, call_id):
    number = number_of(add(site, call_id, file=("photo.png", PNG)))
    stranger = site.publish(replace(short_call(), recording=replace(short_call().recording, sha256="77" * 32)))
    site.link(stranger)
    assert add(site, call_id, text="Me too").status_code == 404
    for path in (f"files/{number}", f"files/{number}/read", f"compared/{number}"):
        assert site.client.get(f"/calls/{call_id}/{path}").status_code == 404
    next_agent = site.store.people.add("next@example.com", name="N. Agent")
    site.store.people.give_role(call_id, next_agent.id, Role.NEXT_AGENT)
    site.sign_in(next_agent)
    assert add(site, call_id, text="Me too").status_code == 403
    assert site.client.get(f"/calls/{call_id}/files/{number}").status_code == 200
    site.sign_out()
    assert add(site, call_id, text="Me too").status_code == 401
    assert len(added(site, call_id)) == 1


def test_a_form_without_its_own_token_adds_nothing(site, call_id):
    del site.client.headers["X-CSRF-Token"]
    assert add(site, call_id, text="From elsewhere").status_code == 403
    assert add(site, call_id, text="From elsewhere", csrf="x").status_code == 403
    assert added(site, call_id) == []


def test_the_token_in_the_form_is_enough(site, call_id):
    token = site.client.headers.pop("X-CSRF-Token")
    assert add(site, call_id, text="From our own page", file=("photo.png", PNG), csrf=token).status_code == 303
    (item,) = added(site, call_id)
    assert item.content.file.size_bytes == len(PNG)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Nothing was added"),
        ({"text": " \r\n "}, "Nothing was added"),
        ({"text": "x" * 4001}, "too long to be taken at once"),
        ({"text": "x", "happened_on": "soon"}, "This is no day"),
        ({"text": "x", "happened_on": "2026-03-14"}, "happened by today"),
        ({"text": "x", "happened_on": "1016-03-14"}, "happened by today"),
        ({"file": ("empty.pdf", b"")}, "empty"),
        ({"file": ("letter.docx", b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml")}, "office document"),
        ({"file": ("x.svg", b"<svg onload='alert(1)'>")}, "SVG"),
    ],
)
def test_what_does_not_fit_is_one_clear_error_and_changes_nothing(site, call_id, fields, says):
    response = add(site, call_id, **fields)
    assert response.status_code == 422
    assert says in read(response.text).text
    assert added(site, call_id) == []
    assert not (Path(site.folder) / "sounds" / "files").exists()


def test_two_files_at_once_are_refused(site, call_id):
    files = [("file", ("a.png", PNG)), ("file", ("b.pdf", PDF))]
    response = site.client.post(f"/calls/{call_id}/added", files=files, follow_redirects=False)
    assert response.status_code == 422
    assert "one file at a time" in response.json()["detail"]


def test_a_button_pressed_twice_adds_once(site, call_id):
    first = add(site, call_id, text="Once.", file=("photo.png", PNG))
    second = add(site, call_id, text="Once.", file=("photo.png", PNG))
    assert number_of(first) == number_of(second)
    assert len(added(site, call_id)) == 1


def test_what_was_withdrawn_can_be_added_again_and_stays_readable(site, call_id):
    number = number_of(add(site, call_id, text="A photograph.", file=("photo.png", PNG)))
    withdrawal = {"target": f"entry:{number}", "act": "withdraw"}
    response = site.client.post(f"/calls/{call_id}/annotations", data=withdrawal, follow_redirects=False)
    assert response.status_code == 303, response.text
    entry = page_of(site, call_id).one(id=f"entry-{number}")
    assert "Withdrawn" in entry.text
    assert "A photograph." in entry.text
    assert site.client.get(f"/calls/{call_id}/files/{number}").content == PNG
    again = number_of(add(site, call_id, text="A photograph.", file=("photo.png", PNG)))
    assert again != number


# Names and sizes


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/cron.d/x.png", "x.png"),
        ("C:\\Users\\me\\photo.png", "photo.png"),
        ("n" * 300 + ".png", "n" * 116 + ".png"),
        ("صورة المطبخ.png", "صورة المطبخ.png"),
        ("photo\u202egnp.exe", "photo gnp.exe.png"),
    ],
)
def test_a_name_is_shown_and_given_out_so_that_it_harms_nobody(site, call_id, name, shown):
    number = number_of(add(site, call_id, file=(name, PNG)))
    (item,) = added(site, call_id)
    assert item.content.file.name == shown
    assert shown in page_of(site, call_id).one(id=f"entry-{number}").text
    disposition = site.client.get(f"/calls/{call_id}/files/{number}").headers["content-disposition"]
    assert disposition.isascii()
    assert "\n" not in disposition
    assert "filename*=UTF-8''" in disposition


def test_an_empty_name_with_content_is_taken(site, call_id):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n'
        b"Content-Type: image/png\r\n\r\n" + PNG + b"\r\n--x--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = site.client.post(f"/calls/{call_id}/added", content=body, headers=headers, follow_redirects=False)
    assert response.status_code == 303
    assert added(site, call_id)[0].content.file.name == "file.png"


@pytest.fixture
def small(site):
    """The same site, on which files are taken up to 100 kB and recordings up to 300 kB."""
    parts = replace(site.parts, largest_file=100_000, largest_recording=300_000)
    with site.client_of(parts) as site.client:
        yield site


def test_a_file_that_is_too_large_is_refused_in_clear_words(small):
    call_id = small.publish(short_call())
    small.link(call_id)
    text = b"a letter \n" * 10_000
    assert add(small, call_id, file=("fits.txt", text)).status_code == 303
    response = add(small, call_id, file=("large.txt", text + b"x"))
    assert response.status_code == 413
    assert "Nothing was changed" in read(response.text).text
    assert len(added(small, call_id)) == 1


def answer_to(site, path, pieces) -> list:
    """What a browser is answered that sends a form with a file in these pieces, and leaves after the last of them."""
    answer = []
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
    waiting = iter([{"type": "http.request", "body": begin, "more_body": True}, *pieces])

    async def receive():
        return next(waiting)

    async def send(message):
        answer.append(message)

    cookie = site.parts.access.cookie
    headers = {
        "cookie": f"{cookie}={site.client.cookies[cookie]}",
        "content-type": "multipart/form-data; boundary=x",
        "x-csrf-token": site.client.headers["X-CSRF-Token"],
        "sec-fetch-site": "same-origin",
        "host": "testserver",
    }
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(site.client.app(scope, receive, send))
    assert next(waiting, None) is None, "a browser that is cut off while it sends never shows why"
    return answer


def test_a_request_without_an_end_is_not_read_into_memory_or_onto_the_disk(small, monkeypatch):
    call_id = small.publish(short_call())
    small.link(call_id)
    kept = 0

    class Counting(tempfile.SpooledTemporaryFile):
        def write(self, data):
            nonlocal kept
            kept += len(data)
            return super().write(data)

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", Counting)
    pieces = [{"type": "http.request", "body": bytes(100_000), "more_body": at < 199} for at in range(200)]
    answer = answer_to(small, f"/calls/{call_id}/added", pieces)
    assert answer[0]["status"] == 413
    assert 1_000_000 < kept < 1_500_000, "20 MB were sent, and 1.3 MB are what a form may have"
    assert added(small, call_id) == []


def test_who_leaves_while_they_send_adds_nothing_and_is_no_bug(site, call_id, capsys):
    pieces = [{"type": "http.request", "body": bytes(1000), "more_body": True}, {"type": "http.disconnect"}]
    assert answer_to(site, f"/calls/{call_id}/added", pieces) == []
    assert added(site, call_id) == []
    assert "page.bug" not in capsys.readouterr().out


def test_a_file_of_many_megabytes_comes_back_as_it_was(site, call_id):
    content = b"%PDF-1.7\n" + random.Random(1).randbytes(6_000_000)
    number = number_of(add(site, call_id, file=("scan.pdf", content)))
    assert site.client.get(f"/calls/{call_id}/files/{number}").content == content


def test_other_forms_take_no_more_than_a_text(site, call_id):
    response = site.client.post(f"/calls/{call_id}/annotations", data={"text": "x" * 1_100_000})
    assert response.status_code == 413


def test_somebody_who_is_not_signed_in_is_not_read_at_all(site, call_id):
    site.sign_out()
    site.client.cookies.set(site.parts.access.cookie, "somebody else's")
    given = []

    def body():
        for _ in range(5):
            given.append(1)
            yield bytes(1000)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert site.client.post(f"/calls/{call_id}/added", content=body(), headers=headers).status_code == 401


# Opening


@pytest.mark.parametrize(
    ("name", "content", "media_type", "how"),
    [
        ("a.png", PNG, "image/png", "inline"),
        ("a.jpg", made_files.jpeg(), "image/jpeg", "inline"),
        ("a.pdf", PDF, "application/pdf", "attachment"),
        ("a.eml", EMAIL, "message/rfc822", "attachment"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "image/heic", "attachment"),
        ("a.txt", b"Not a page: <script>alert(1)</script>", "text/plain", "attachment"),
    ],
)
def test_a_file_comes_back_as_it_was_with_no_rights_of_a_page(site, call_id, name, content, media_type, how):
    number = number_of(add(site, call_id, file=(name, content)))
    response = site.client.get(f"/calls/{call_id}/files/{number}")
    assert response.status_code == 200
    assert response.content == content
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert response.headers["content-disposition"].startswith(f'{how}; filename="{name}"')
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert response.headers["cache-control"] == "private, no-store"


def test_opening_a_file_is_a_look_and_asking_for_its_head_is_none(site, call_id):
    number = number_of(add(site, call_id, file=("a.pdf", PDF)))
    before = looks(site, call_id)
    head = site.client.head(f"/calls/{call_id}/files/{number}")
    assert head.headers["content-length"] == str(len(PDF))
    assert looks(site, call_id) == before
    site.client.get(f"/calls/{call_id}/files/{number}")
    assert looks(site, call_id) == [*before, Way.FILE]


def test_what_is_not_there_is_not_found(site, call_id):
    add(site, call_id, text="No file here.")
    number = added(site, call_id)[0].number
    for path in (f"files/{number}", f"files/{number}/read", f"compared/{number}", "files/0", "files/99", "files/-1"):
        assert site.client.get(f"/calls/{call_id}/{path}").status_code == 404, path
    assert site.client.get(f"/calls/{call_id}/files/x").status_code == 422


def test_an_altered_file_is_not_given_out(site, call_id):
    number = number_of(add(site, call_id, file=("a.pdf", PDF)))
    (path,) = [one for one in (site.folder / "sounds" / "files").rglob("*") if one.is_file()]
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(sealed)
    response = site.client.get(f"/calls/{call_id}/files/{number}", headers=AS_BROWSER)
    assert response.status_code == 500
    assert b"%PDF" not in response.content


def test_an_erased_file_says_that_something_stood_there(site, call_id):
    number = number_of(add(site, call_id, file=("a.pdf", PDF)))
    site.store.log.erase(call_id)
    response = site.client.get(f"/calls/{call_id}/files/{number}")
    assert response.status_code == 404
    assert "erased" in response.json()["detail"]


# Letters


def test_an_email_is_read_as_who_wrote_when_about_what_and_its_plain_text(site, call_id):
    html = '<p>again <img src="https://track.example/x.gif"></p><script>alert(1)</script>'
    content = made_files.email(
        text="<b>The technician</b> did not come.",
        html=html,
        sender='"Maria <i>L</i>" <maria@example.org>',
        attached="a.png",
    )
    number = number_of(add(site, call_id, file=("mail.eml", content)))
    response = site.client.get(f"/calls/{call_id}/files/{number}/read")
    assert response.status_code == 200
    text = read(response.text).text
    for said in (
        "My washing machine – again",
        '"Maria <i>L</i>" <maria@example.org>',
        "Tuesday 17 March 2026, 18:04 UTC",
        "<b>The technician</b> did not come.",
        "a.png",
    ):
        assert said in text
    assert "track.example" not in response.text
    assert "alert(1)" not in response.text
    assert looks(site, call_id)[-1] is Way.FILE


def test_an_email_without_plain_text_says_so(site, call_id):
    number = number_of(add(site, call_id, file=("mail.eml", made_files.email(text=None, html="<p>Hello</p>"))))
    text = read(site.client.get(f"/calls/{call_id}/files/{number}/read").text).text
    assert "has no plain text" in text
    assert "Hello" not in text


def test_a_text_is_read_as_it_was_written_in_either_coding(site, call_id):
    for coding in ("utf-8", "utf-16"):
        number = number_of(add(site, call_id, file=(f"{coding}.txt", "Grüße,\r\n  Günter".encode(coding))))
        page = read(site.client.get(f"/calls/{call_id}/files/{number}/read").text)
        assert "Grüße,\n  Günter" in page.one(class_="text").raw_text


def test_of_a_long_text_the_beginning_is_shown_and_it_says_so(site, call_id):
    number = number_of(add(site, call_id, file=("long.txt", b"word " * (LONGEST_SHOWN // 2))))
    response = site.client.get(f"/calls/{call_id}/files/{number}/read")
    assert "This is its beginning" in response.text
    assert len(response.text) < 2 * LONGEST_SHOWN


def test_what_is_no_letter_has_no_page(site, call_id):
    number = number_of(add(site, call_id, file=("a.pdf", PDF)))
    assert site.client.get(f"/calls/{call_id}/files/{number}/read").status_code == 404


def test_no_email_however_broken_is_more_than_an_email_that_says_less():
    at_random = random.Random(5)
    whole = made_files.email(html="<p>x", attached="a.png")
    for _ in range(300):
        broken = bytearray(whole)
        for _change in range(at_random.randrange(1, 30)):
            at = at_random.randrange(len(broken))
            broken[at : at + at_random.randrange(3)] = at_random.randbytes(at_random.randrange(3))
        email = read_email(bytes(broken[: at_random.randrange(len(broken) + 1)]))
        f"{email.subject}{email.sender}{email.to}{email.date}{email.text}{email.attached}".encode()
    for hostile in (
        b"From: " + b"a@b, " * 100_000 + b"\n\nx",
        b"From: a\nContent-Type: multipart/mixed; boundary=x\n\n"
        + b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 3000,
        b"From: =?utf-8?b?" + b"A" * 99_999 + b"?=\nDate: x\n\n",
        b"From: a\nContent-Type: text/plain; charset=nothing\n\nx",
        b"From: a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n!!!",
        b"From: a\nDate: Tue, 99 Foo 99999 99:99:99 +9999\n\n\xff\xfe",
    ):
        read_email(hostile)


# One's own recording


def finish(site, own_id, record, *, sound=b"fLaC"):
    """What a worker does with a recording in the end."""
    own = site.store.call(own_id)
    stage = own.standing.stage
    assert site.store.begin(own_id, stage, **WORKER, now=datetime.now(UTC))
    site.store.finish(own_id, stage, worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
    copy = site.folder / "copy.flac"
    copy.write_bytes(sound)
    site.sounds.put_copy(own.id, copy)


def test_ones_own_recording_is_evidence_and_goes_the_way_of_a_call(site, call_id):
    recording = made_files.wav()
    number = number_of(add(site, call_id, text="From my telephone.", file=("call 12.wav", recording)))
    (item,) = added(site, call_id)
    assert item.content.file.sha256 == hashlib.sha256(recording).hexdigest()
    assert item.content.file.media_type == "audio/wav"
    own = site.store.call(item.content.recording_call)
    assert own.own_recording_of == call_id
    assert own.legs[0].file_name == "call 12.wav"
    entry = page_of(site, call_id).one(id=f"entry-{number}")
    assert "is being written down" in entry.text
    for path in (f"files/{number}", f"compared/{number}"):
        assert site.client.get(f"/calls/{call_id}/{path}").status_code == 404


def test_once_it_is_ready_it_can_be_heard_in_parts_and_compared(site, call_id):
    number = number_of(add(site, call_id, file=("mine.wav", made_files.wav())))
    finish(site, added(site, call_id)[0].content.recording_call, short_call(), sound=b"fLaC0123456789")
    page = page_of(site, call_id, Party.AGENT)
    entry = page.one(id=f"entry-{number}")
    assert "written down as the call was" in entry.text
    address = f"/calls/{call_id}/files/{number}"
    assert entry.one("audio").attributes["src"] == address
    before = looks(site, call_id)
    response = site.client.get(address, headers={"range": "bytes=4-7"})
    assert (response.status_code, response.content) == (206, b"0123")
    site.client.get(address, headers={"range": "bytes=8-9"})
    assert looks(site, call_id) == [*before, Way.FILE], "one hearing is one look, however many parts it has"
    assert site.client.get(f"/calls/{call_id}/compared/{number}").status_code == 200


@pytest.mark.parametrize(
    ("reason", "says"), [(BadRecording.__name__, "no sound in it could be read"), ("BrokenModel", "can try again")]
)
def test_one_that_could_not_be_made_says_what_to_do(site, call_id, reason, says):
    number = number_of(add(site, call_id, file=("mine.wav", made_files.wav())))
    own_id = added(site, call_id)[0].content.recording_call
    stage = site.store.call(own_id).standing.stage
    assert site.store.begin(own_id, stage, **WORKER, now=datetime.now(UTC))
    site.store.fail(own_id, stage, worker="w", reason=reason, message="Secret path /srv.")
    entry = page_of(site, call_id).one(id=f"entry-{number}")
    assert says in entry.text
    assert "/srv" not in entry.text


def test_nobody_opens_it_by_itself_not_even_who_added_it(site, call_id):
    add(site, call_id, file=("mine.wav", made_files.wav()))
    own_id = added(site, call_id)[0].content.recording_call
    finish(site, own_id, short_call())
    for path in ("", ".json", "/sound"):
        assert site.client.get(f"/calls/{own_id}{path}").status_code == 404
    person = site.store.people.side(call_id, Role.CUSTOMER)
    site.store.people.give_role(own_id, person.id, Role.CUSTOMER)
    assert site.client.get(f"/calls/{own_id}").status_code == 404, "even a role on it, given by mistake, opens nothing"


def test_the_very_recording_of_the_call_is_refused(site):
    recording = made_files.wav()
    record = short_call()
    facts = replace(record.recording, sha256=hashlib.sha256(recording).hexdigest())
    call_id = site.publish(replace(record, recording=facts))
    site.link(call_id)
    response = add(site, call_id, file=("copy.wav", recording))
    assert response.status_code == 422
    assert "byte for byte" in read(response.text).text


def test_the_clock_of_the_site_decides_what_is_today(site, call_id):
    assert NOW.date().isoformat() == "2026-03-12"
    assert add(site, call_id, text="Tomorrow somewhere.", happened_on="2026-03-13").status_code == 303
