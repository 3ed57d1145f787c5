"""The sections of the page, and the files that lay it out."""

from importlib.resources import files

import pytest

from normwise.report.look import templates
from normwise.report.look.templates import report_file, style_sheet, template_digest
from normwise.report.sections import SECTIONS, case_stories


def test_every_section_is_an_element_of_the_templates():
    folder = files("normwise.report").joinpath("templates")
    text = "".join(f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".j2"))
    assert [section.id for section in SECTIONS if text.count(f' id="{section.id}"') != 1] == []
    assert len({section.title for section in SECTIONS}) == len(SECTIONS)


def test_sections_are_in_the_order_of_the_page(small_page):
    page = small_page[0].read_text(encoding="utf-8")
    listed = [s for s in SECTIONS if f'<li><a href="#{s.id}">{s.title}</a></li>' in page]
    # this study has no data of its own
    assert [s.id for s in SECTIONS if s not in listed] == ["own"]
    starts = [page.index(f' id="{section.id}"') for section in listed]
    assert starts == sorted(starts)


def test_a_case_without_a_title_is_named_by_its_data_set():
    config = {"datasets": [{"name": "two_words"}, {"name": "told", "title": "T", "story": "S"}]}
    cases = {f"case_{d['name']}": d["name"] for d in config["datasets"]}
    gallery = {f: {"module": "figures.worked_cases", "datasets": [n]} for f, n in cases.items()}
    assert case_stories(config, gallery) == [
        {"title": "two words", "story": "", "figure": "case_two_words"},
        {"title": "T", "story": "S", "figure": "case_told"},
    ]


@pytest.mark.parametrize("what", ["template", "style", "meaning"])
def test_the_digest_of_the_templates_is_that_of_what_they_say(monkeypatch, what):
    before = template_digest()
    assert before == template_digest()
    if what == "template":
        monkeypatch.setattr(templates, "report_file", lambda name: report_file(name) + " ")
    elif what == "style":
        monkeypatch.setattr(templates, "style_sheet", lambda: style_sheet() + " ")
    else:
        monkeypatch.setattr(templates, "meanings_digest", lambda: "another")
    assert template_digest() != before
