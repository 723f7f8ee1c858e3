"""Markdown dialects in the chunker: bodies are prose, marks go with what they mark, headings start sections."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.chunking import ChunkLimits, chunk, described
from rag.text.reading import reading
from rag.types import Chunk
from tests.support.growth import assert_linear
from tests.support.markdown_texts import count_tokens

LIMIT = 16


def chunks_of(text: str, *, limit: int = LIMIT, overlap: int = 0) -> list[Chunk]:
    return chunk(text, count_tokens=count_tokens, limits=ChunkLimits(max_tokens=limit, overlap_tokens=overlap))


# ---- headings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("<h2>Ports</h2>\n\na", [("Ports",)], id="HTML"),
        pytest.param('# A\n\na\n\n<h2 id="x">B <b>c</b></h2>\nb', [("A",), ("A", "B c")], id="HTML below another"),
        pytest.param('<div align="center">\n<h1>\n  Name\n</h1>\n<p>a</p>\n</div>', [("Name",)], id="HTML in HTML"),
        pytest.param('<h1><img src="x.png" alt="Logo"></h1>\n\na', [("Logo",)], id="a logo"),
        pytest.param("<table>\n<tr><td>\n<h2>no</h2>\n</td></tr>\n</table>\n", [()], id="none in a table"),
        pytest.param("```html\n<h2>no</h2>\n```\n", [()], id="none in code"),
        pytest.param("## Rollback {#rollback-now}\n\na", [("Rollback",)], id="an anchor"),
        pytest.param('## Set { #calib .special data-x="1" }\n\na', [("Set",)], id="attributes"),
        pytest.param("## Use {braces}\n\na", [("Use {braces}",)], id="braces that are text"),
        pytest.param('## Ports [¶](#ports "Permanent link")\n\na', [("Ports",)], id="a permalink"),
        pytest.param("## Ports[\u200b](#ports)\n\na", [("Ports",)], id="a permalink nobody sees"),
        pytest.param("## Ports ¶\n\na", [("Ports",)], id="a sign"),
        pytest.param("## C#\n\na", [("C#",)], id="a name with a sign"),
        pytest.param("!!! note\n    ## Inside\n\n    a\n", [("Inside",)], id="in an admonition"),
    ],
)
def test_heading_path(text: str, paths: list[tuple[str, ...]]) -> None:
    assert [each.heading_path for each in chunks_of(text, limit=200)] == paths


def test_the_title_is_that_of_an_html_heading() -> None:
    assert described("<h1>The <i>guide</i></h1>\n\na", fallback="f")[0] == "The guide"


# ---- bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "body"),
    [
        pytest.param('!!! warning "Before mounting"\n\n{}', "    ", id="an admonition"),
        pytest.param('??? question "Why?"\n{}', "    ", id="one that is folded"),
        pytest.param('=== "Linux"\n\n{}', "    ", id="a tab of MkDocs"),
        pytest.param(":::warning Before you begin\n\n{}\n\n:::", "", id="Docusaurus"),
        pytest.param('<TabItem value="vm" label="VM">\n\n{}\n\n</TabItem>', "", id="a tab of MDX"),
        pytest.param('{% tab title="VM" %}\n{}\n{% endtab %}', "", id="a tab of GitBook"),
        pytest.param('{{< tab "VM" >}}\n{}\n{{< /tab >}}', "", id="a tab of Hugo"),
        pytest.param("<details>\n<summary>Why?</summary>\n\n{}\n\n</details>", "", id="details"),
    ],
)
def test_a_body_is_cut_as_prose_and_its_pieces_know_what_opened_it(text: str, body: str) -> None:
    sentences = " ".join(f"One two three four five six seven eight nine {n}." for n in range(8)) + " Twelve thirteen."
    whole = text.replace("{}", f"{body}{sentences}\n\n{body}- item\n- item".replace("\n-", f"\n{body}-"))
    found = chunks_of(f"# T\n\n{whole}\n\nAfter it.", limit=40)
    opener = whole.split("\n\n")[0] if "<summary>" in whole else whole.split("\n")[0]
    assert opener in found[0].text and found[0].lead == ""
    inside = [each for each in found[1:] if "twelve" in each.text.lower() or "item" in each.text]
    assert inside and all(each.lead == opener for each in inside)
    assert all("\n" in each.text or each.text.strip()[-1] in ".:>}m" for each in found), "nothing cut in a sentence"
    after = next(each for each in found if "After it" in each.text)
    assert after.lead in ("", opener) and "After it." in after.reading.text


def test_code_in_a_body_stays_whole() -> None:
    code = "    ```bash\n    one two three\n    four five six\n    ```"
    found = chunks_of(f'=== "Linux"\n\n    Words in front of it, five more.\n\n{code}\n\nNine ten eleven.', limit=24)
    assert any(code in each.text for each in found)
    assert next(each for each in found if "four five" in each.text).lead in ("", '=== "Linux"')


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param("import Tabs from '@theme/Tabs';\nimport {\n  a,\n  b,\n} from \"x\";", id="imports"),
        pytest.param("export const a = 1;\nexport function f() {\n  return 2;\n}", id="exports"),
        pytest.param("{{tab}}", id="a place for a tab"),
        pytest.param('<div style="display:none">hidden words one two</div>', id="hidden"),
        pytest.param("{/* editors: keep this short */}", id="a comment of MDX"),
        pytest.param("{:.no_toc}", id="attributes"),
        pytest.param("[[toc]]", id="a table of contents"),
        pytest.param("<!-- one two three -->", id="a comment"),
        pytest.param("[r]: https://example.com/one/two/three", id="a link definition"),
    ],
)
def test_marks_are_no_chunk_of_their_own(marks: str) -> None:
    assert chunks_of(marks, limit=8) == [], "alone they are no text"
    found = chunks_of(f"{marks}\n\n# T\n\nOne two three four five.\n\nSix seven eight nine.", limit=12)
    assert all(any(word in each.reading.text for word in ("One", "Six")) for each in found)
    ended = chunks_of(f"# T\n\nOne two three four five.\n\n{marks}", limit=12)
    assert len(ended) == 1


@pytest.mark.parametrize(
    "prose", ["import duties are due.", "export default values are kept.", "{{ reviewers }} read it."]
)
def test_what_only_looks_like_a_mark_is_prose(prose: str) -> None:
    assert prose in chunks_of(f"a\n\n{prose}\n")[0].text
    assert chunks_of(prose) != []


# ---- formulas -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "$$\nRe = \\frac{a}{b}. c\n\n= d\n$$",
        "\\[\na = b. c\n\\]",
        "\\begin{align}\na &= b. c \\\\\nd &= e\n\\end{align}",
    ],
)
def test_a_formula_is_one_with_its_sentence(formula: str) -> None:
    whole = f"The number is\n\n{formula}\n\nwhere a is known."
    limit = count_tokens([whole])[0]
    found = chunks_of(f"One two three. Four five six seven. Eight nine.\n\n{whole}\n\nTen eleven. Twelve.", limit=limit)
    assert any(whole in each.text for each in found)


def test_a_formula_inside_a_sentence_is_not_cut() -> None:
    text = "One two three. The sum is $$ a. b. c. d. e $$ or \\[ f. g. h \\] at once. Four five six."
    assert any("The sum is $$ a. b. c. d. e $$ or \\[ f. g. h \\]" in each.text for each in chunks_of(text, limit=34))


# ---- any text -------------------------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        '!!! note "N"',
        "    body one. two",
        "??? x",
        '=== "T"',
        ":::",
        ":::tip T",
        "<Tabs>",
        "</Tabs>",
        '<TabItem label="x">',
        "</TabItem>",
        "<details>",
        "<summary>s</summary>",
        "</details>",
        '{% tab title="x" %}',
        "{% endtab %}",
        "{% highlight c %}",
        "{% endhighlight %}",
        "$$",
        "\\[",
        "\\]",
        "\\begin{a}",
        "\\end{a}",
        "import a from 'b'",
        "<h2>h</h2>",
        "<h3>h",
        "words here.",
        "```",
        "    ```",
        "",
        "",
        "| a | b |",
        "|--|--|",
        "| 1 | 2 |",
        "- item",
        "> quote",
        "<table>",
        "<tr><td>1</td></tr>",
        "</table>",
        "<!--",
        "-->",
        "{/*",
        "*/}",
        "# T",
        "<pre>",
        "</pre>",
    ]
)


@given(st.lists(LINES, max_size=30), st.integers(4, 60), st.sampled_from(["\n", "\r\n", "\r"]))
def test_words_stay_at_their_place_whatever_dialect(lines: list[str], limit: int, end: str) -> None:
    text = end.join(lines)
    found = chunks_of(text, limit=limit, overlap=limit // 4)
    reached = 0
    for index, each in enumerate(found):
        assert each.index == index and each.text == text[each.start : each.end] and each.end > reached
        assert "words" not in reading(text[reached : each.start]).text
        assert each.tokens == count_tokens([each.embedded_text])[0]
        assert len(each.lead) <= 2_000
        reached = each.end
    assert "words" not in reading(text[reached:]).text
    assert chunks_of(text, limit=limit, overlap=limit // 4) == found


@pytest.mark.parametrize(
    "piece",
    [
        "!!! a\n",
        "    " * 3 + "!!! a\n",
        ":::a\n",
        "<Tab a='b'>\n",
        "<A>\n",
        "{% tab a %}\n",
        "{% highlight a %}\n",
        "{% endtab %}\n",
        "$$\n",
        "\\[\n",
        "\\begin{a}\n",
        "<h2>\n",
        "<h2>a</h2>\n",
        "<table>\n<tr>\n",
        "<details>\n",
        "</details>\n",
        "{/*\n",
        "<!--\n",
        "import a from 'b'\n",
        "export {\n",
        "<pre>\n",
        "<table><tr><th>a</th></tr><tr><td rowspan=9>a</td></tr>\n",
    ],
)
def test_work_grows_with_the_text(piece: str) -> None:
    def cut(text: str) -> None:
        reading.cache_clear()
        chunk(text, count_tokens=count_tokens, limits=ChunkLimits(max_tokens=200, overlap_tokens=20))

    assert_linear(cut, piece)
