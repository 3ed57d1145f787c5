"""The sections of the page, and the files that lay it out."""

import pytest

from normwise.report.look import templates
from normwise.report.look.templates import report_file, style_sheet, template_digest
from normwise.report.sections import EVIDENCE, FIRST, case_stories


@pytest.mark.parametrize("sections", [FIRST, EVIDENCE], ids=["first", "evidence"])
def test_no_two_sections_of_a_page_are_called_alike(sections):
    assert len({section.title for section in sections}) == len(sections)
    assert len({section.id for section in sections}) == len(sections)


@pytest.mark.parametrize("name", ["report", "evidence"])
def test_sections_are_in_the_order_of_the_page(small_page, name):
    page = small_page[0].with_name(f"{name}.html").read_text(encoding="utf-8")
    sections = FIRST if name == "report" else EVIDENCE
    listed = [s for s in sections if f'<li><a href="#{s.id}">{s.title}</a></li>' in page]
    # this study has no data of its own
    assert [s.id for s in sections if s not in listed] == [
        "own" if name == "report" else "own_tables"
    ]
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
