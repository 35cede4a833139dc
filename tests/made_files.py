"""Files as people add them, made here: small, whole, and of each kind that is taken."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from email.message import EmailMessage
from fractions import Fraction

import av
import numpy as np


def png(width: int = 3, height: int = 2, hue: tuple[int, int, int] = (47, 93, 138)) -> bytes:
    """An image of one hue."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(hue) * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """A photograph of a grey wall."""
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 16, 16, "yuvj420p", Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.full((24, 16), 128, np.uint8), format="yuvj420p")
    return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode(None)))


def pdf(text: str = "Invoice 2207, paid") -> bytes:
    """One page with a line of text."""
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    made, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(made) + end % (table, len(made))


def email(
    *,
    text: str | None = "The technician did not come.\nWhat now?",
    html: str | None = None,
    sender: str = "Maria Lopez <maria@example.org>",
    attached: str | None = None,
) -> bytes:
    """An email as a program of today saves it."""
    message = EmailMessage()
    message["From"], message["To"] = sender, "service@example.com"
    message["Subject"] = "My washing machine – again"
    message["Date"] = "Tue, 17 Mar 2026 18:04:00 +0000"
    if text is not None:
        message.set_content(text)
    if html is not None:
        (message.set_content if text is None else message.add_alternative)(html, subtype="html")
    if attached is not None:
        message.add_attachment(png(), maintype="image", subtype="png", filename=attached)
    return bytes(message)


def wav(seconds: float = 1.0, *, pitch_hz: float = 180.0, rate_hz: int = 8000) -> bytes:
    """A tone."""
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    samples = (0.3 * 32767 * np.sin(2 * np.pi * pitch_hz * at)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(rate_hz)
        writing.writeframes(samples.tobytes())
    return file.getvalue()


def sound(form: str, codec: str, rate_hz: int = 16000) -> bytes:
    """A second of quiet noise in a container that telephones and computers record in."""
    samples = (np.random.default_rng(1).standard_normal((1, rate_hz)) * 800).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format=form) as writing:
        stream = writing.add_stream(codec, rate=rate_hz, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        fitting = av.AudioResampler(format=stream.format, layout="mono", rate=rate_hz, frame_size=stream.frame_size)
        for piece in (*fitting.resample(frame), *fitting.resample(None)):
            writing.mux(stream.encode(piece))
        writing.mux(stream.encode(None))
    return file.getvalue()
