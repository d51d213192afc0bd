"""Text out of files: every kind, every limit, and files made to break the reader."""

from __future__ import annotations

import io
import zipfile
import zlib

import docx
import pypdf
import pytest

from llm import uploads
from llm.uploads import columns, pasted, read_file, safe_name

LONG = "The little dog was very happy. " * 10


def pdf(*pages: bytes, compress: bool = False) -> bytes:
    """A small PDF written by hand, one content stream a page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for stream in pages:
        packed = zlib.compress(stream, 9) if compress else stream
        how = b" /Filter /FlateDecode" if compress else b""
        kids.append(b"%d 0 R" % (len(objects) + 1))
        font = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources %s >>"
        objects.append(page % (len(objects) + 2, font))
        objects.append(b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(packed), how, packed))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    out, places = b"%PDF-1.4\n", []
    for i, body in enumerate(objects):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i + 1, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
    return out + end % (len(objects) + 1, table, len(objects) + 1, len(out))


def shown(text: str) -> bytes:
    return b"BT /F1 12 Tf 50 700 Td (%s) Tj ET" % text.encode()


def word(*paragraphs: str, cell: str = "") -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if cell:
        document.add_table(1, 1).cell(0, 0).text = cell
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def problem(data: bytes, name: str, **options) -> str:
    with pytest.raises(ValueError) as caught:
        read_file(data, name, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence
    return sentence


def test_plain_text_keeps_its_words_and_gets_plain_line_ends() -> None:
    read = read_file((LONG + "\r\nÄnde").encode(), "notes.md")
    assert read.text == LONG + "\nÄnde" and read.name == "notes.md" and read.notes == ()
    assert "Latin-1" in read_file(LONG.encode() + b"\xff", "a.txt").notes[0]


def test_a_pdf_gives_the_text_of_all_its_pages() -> None:
    read = read_file(pdf(shown(LONG), shown("second page"), compress=True), "book.PDF")
    assert read.text.startswith("The little dog") and read.text.endswith("second page")


def test_a_word_file_gives_paragraphs_and_cells_in_order() -> None:
    assert (
        read_file(word(LONG.strip(), "The end.", cell="in a table"), "tale.docx").text == f"{LONG.strip()}\nThe end.\nin a table"
    )


def test_a_locked_pdf_is_named_as_such() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(shown(LONG))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert "password" in problem(out.getvalue(), "locked.pdf")
    assert "password" in problem(b"\xd0\xcf\x11\xe0" + b"\0" * 600, "locked.docx")


def test_broken_and_empty_files_end_in_one_sentence() -> None:
    for data, name in [
        (b"%PDF-1.4 cut off", "a.pdf"),
        (pdf(shown(LONG))[:300], "half.pdf"),
        (b"PK\x03\x04" + b"x" * 50, "a.docx"),
        (word(LONG)[:2000], "half.docx"),
        (b"\x89PNG\0\0" * 60, "a.txt"),
        (b"", "empty.txt"),
        (pdf(b""), "pictures.pdf"),
        (word(""), "nothing.docx"),
        (b"short", "short.txt"),
        (b"x" * 500, "photo.jpg"),
    ]:
        assert name in problem(data, name)


def test_a_bomb_costs_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as entry:
        for _ in range(150):
            entry.write(b"\0" * 1_000_000)
    assert "150 MB" in problem(packed.getvalue(), "bomb.docx")
    zeros = zlib.compressobj(9)
    stream = b"".join(zeros.compress(b" " * 1_000_000) for _ in range(300)) + zeros.flush()
    bomb = pdf(shown(LONG)).replace(b"stream\n" + shown(LONG), b"stream\n" + stream)
    bomb = bomb.replace(b"<< /Length %d >>" % len(shown(LONG)), b"<< /Length %d /Filter /FlateDecode >>" % len(stream))
    assert "bomb.pdf" in problem(bomb, "bomb.pdf")
    monkeypatch.setattr(uploads, "SECONDS", 0.01)
    assert "given up" in problem(pdf(shown(LONG)), "slow.pdf")


def test_size_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 1000)
    assert "too large" in problem(b"x" * 1001, "a.txt")
    monkeypatch.setattr(uploads, "MAX_CHARACTERS", 300)
    read = read_file(b"x" * 900, "a.txt")
    assert len(read.text) == 300 and "cut" in read.notes[0]


def test_columns_of_a_table_come_with_what_is_in_them() -> None:
    rows = "".join(f"{i};{LONG}{i};ok\r\n" for i in range(3))
    data = f"id;review;state\r\n{rows}".encode()
    found = columns(data, "reviews.csv")
    assert [each.name for each in found] == ["review", "state", "id"] and found[0].rows == 3
    assert read_file(data, "reviews.csv", "review").text == "\n\n".join(f"{LONG}{i}" for i in range(3))
    assert read_file(data, "reviews.csv").text.startswith(LONG)
    assert "no column" in problem(data, "reviews.csv", column="<b>")


def test_a_table_without_heading_numbers_its_columns_and_keeps_its_first_row() -> None:
    data = "".join(f'{i},"{LONG}, he said"\n' for i in range(4)).encode()
    assert {each.name for each in columns(data, "a.csv")} == {"column 1", "column 2"}
    assert read_file(data, "a.csv", "column 2").text.count("he said") == 4


def test_tables_that_are_none_end_in_one_sentence() -> None:
    for data in (b"," * 100_000, b"\n" * 1000, b'"' + b"x" * 300_000 + b'"\n' * 2):
        assert "a.csv" in problem(data, "a.csv")


def test_a_name_is_shown_without_folders_and_control_signs() -> None:
    assert safe_name("../../etc/pass\nwd\u202e.txt") == "passwd.txt"
    assert safe_name("C:\\Users\\me\\tale.txt") == "tale.txt" and safe_name("///") == "your file"
    assert len(safe_name("x" * 500 + ".txt")) == 80


def test_pasted_text_is_checked_like_a_file() -> None:
    with pytest.raises(ValueError, match=r"^The text is too short: it has 150 characters"):
        pasted("x" * 150)
    assert pasted(LONG).text == LONG
    with pytest.raises(ValueError, match="at least 200"):
        pasted("too short")
