"""What a web page hides until a click, the signs at its headings, its terms, and tables in any shape."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.convert.html import html_to_markdown
from rag.documents.convert.tables import MOST_COPIED
from rag.documents.convert.word import word_to_markdown
from tests.support.office_files import paragraph, run, word


def shown(page: str) -> str:
    """The Markdown of the parts of a page."""
    return html_to_markdown(io.BytesIO(page.encode()))


# ---- what opens at a click -------------------------------------------------------------------------------------------

PANELS = {
    "Docusaurus": "<div class='tabs-container'><ul role=tablist class=tabs><li role=tab>Linux</li><li role=tab>Windows"
    "</li></ul><div><div role=tabpanel>apt install</div><div role=tabpanel hidden>winget install</div></div></div>",
    "sphinx-tabs": "<div class='sphinx-tabs'><div role=tablist><button role=tab aria-controls=p0>Linux</button>"
    "<button role=tab aria-controls=p1>Windows</button></div><div id=p0 role=tabpanel>apt install</div>"
    "<div id=p1 role=tabpanel hidden=true>winget install</div></div>",
    "labelled by its tab": "<div role=tablist><a id=t0 role=tab href='#'>Linux</a><a id=t1 role=tab href='#'>Windows"
    "</a></div><section role=tabpanel aria-labelledby=t0>apt install</section>"
    "<section role=tabpanel aria-labelledby=t1 aria-hidden=true style='display:none'>winget install</section>",
    "Bootstrap in a nav": "<nav><div class='nav nav-tabs' role=tablist><button role=tab data-bs-target='#w0'>Linux"
    "</button><button role=tab data-bs-target='#w1'>Windows</button></div></nav><div class=tab-content>"
    "<div class='tab-pane active' id=w0 role=tabpanel>apt install</div>"
    "<div class=tab-pane id=w1 role=tabpanel>winget install</div></div>",
    "called by a script": "<div class=tab><button onclick=\"openTab(event, 'l')\">Linux</button>"
    "<button onclick=\"openTab(event, 'w')\">Windows</button></div><div id=l class=tabcontent>apt install</div>"
    "<div id=w class=tabcontent style='display: none'>winget install</div>",
    "links": "<ul class=tabs><li><a href='#l'>Linux</a></li><li><a href='#w'>Windows</a></li></ul>"
    "<div id=l>apt install</div><div id=w hidden>winget install</div>",
    "Material for MkDocs": "<div class=tabbed-set><input type=radio><input type=radio><div class=tabbed-labels><label>"
    "Linux</label><label>Windows</label></div><div class=tabbed-content><div class=tabbed-block><p>apt install</p>"
    "</div><div class=tabbed-block><p>winget install</p></div></div></div>",
    "sphinx-design": "<div class=sd-tab-set><input type=radio><label>Linux</label><div class=sd-tab-content><p>"
    "apt install</p></div><input type=radio><label>Windows</label><div class=sd-tab-content>winget install</div></div>",
    "accordion": "<button class=accordion>Linux</button><div class=panel style='display:none'>apt install</div>"
    "<button class=accordion>Windows</button><div class=panel style='display:none'>winget install</div>",
    "found by the browser": "<button aria-controls=a1 aria-expanded=false>Linux</button><div id=a1 hidden=until-found>"
    "apt install</div><button aria-controls=a2 aria-expanded=false>Windows</button><div id=a2 hidden=until-found>"
    "winget install</div>",
    "details": "<details open><summary>Linux</summary><p>apt install</p></details>"
    "<details><summary>Windows</summary><p>winget install</p></details>",
}


@pytest.mark.parametrize("page", PANELS.values(), ids=PANELS)
def test_a_panel_stands_below_the_name_it_is_opened_by(page: str) -> None:
    text = shown(f"<p>Pick one.</p>{page}<p>After it.</p>")
    assert text.split("\n\n") == [
        *("Pick one.", "**Linux**", "apt install", "**Windows**", "winget install", "After it."),
    ]


def test_a_panel_below_a_heading_that_opens_it_keeps_the_heading() -> None:
    page = (
        "<h2><button aria-controls=a aria-expanded=false>Can it be returned?</button></h2><div id=a hidden>Yes.</div>"
    )
    assert shown(page) == "## Can it be returned?\n\nYes."


def test_tabs_within_tabs_each_have_their_own_names() -> None:
    inner = (
        "<div><ul role=tablist><li role=tab>apt</li><li role=tab>snap</li></ul>"
        "<div role=tabpanel>one</div><div role=tabpanel hidden>two</div></div>"
    )
    page = (
        "<div><ul role=tablist><li role=tab>Linux</li><li role=tab>Windows</li></ul>"
        f"<div role=tabpanel>{inner}</div><div role=tabpanel hidden>three</div></div>"
    )
    assert shown(page).split("\n\n") == ["**Linux**", "**apt**", "one", "**snap**", "two", "**Windows**", "three"]


def test_a_link_in_the_text_to_a_hidden_part_stays_in_the_text() -> None:
    text = shown("<p>See <a href='#more'>the details</a> below.</p><div id=more hidden>All of it.</div>")
    assert text == "See [the details](#more) below.\n\nAll of it."


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none'>secret</div>",
        "<div hidden>secret</div>",
        "<p>Rated <span aria-hidden=true>secret</span></p>",
        "<noscript><img src=pixel alt=secret></noscript>",
        "<template>secret</template>",
        "<button aria-haspopup=menu aria-controls=m>Products</button><ul id=m hidden><li>secret</li></ul>",
        "<a href='#dialog'>Open</a><div id=dialog class=modal style='visibility: hidden'>secret</div>",
        "<dialog>secret</dialog>",
        "<button onclick=\"show('search-box')\">Find</button><div id=search-box hidden>secret</div>",
    ],
)
def test_what_no_click_shows_as_text_stays_out(hidden: str) -> None:
    text = shown(f"<p>Before it.</p>{hidden}<p>After it.</p>")
    assert "secret" not in text and "Before it." in text and "After it." in text


# ---- headings and terms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "Ports<a class='hash-link' href='#ports' title='Direct link to Ports'>\u200b</a>",
        "Ports <a class=header-anchor href='#ports' aria-label='Permalink to \"Ports\"'>\u200b</a>",
        "<a class=header-anchor href='#ports'><span>Ports</span></a>",
        "Ports<a class=headerlink href='#ports' title='Link to this heading'>¶</a>",
        "Ports<a class=headerlink href='#ports'>#</a>",
        "<a id=ports class=anchor href='#ports' aria-hidden=true></a>Ports",
        "<a class=toc-backref href='#id1'>Ports</a><a class=headerlink href='#ports'>\uf0c1</a>",
        "<a href='#ports'>🔗</a> Ports",
        "Ports <a href='#ports'>Permalink to this section</a>",
        "Po\u200brts\ufeff",
    ],
)
def test_a_heading_is_its_words_without_the_sign_that_links_to_it(heading: str) -> None:
    assert shown(f"<h1>Guide</h1><h2 id=ports>{heading}</h2><p>It listens.</p>").split("\n\n")[-2:] == [
        *("## Ports", "It listens."),
    ]


def test_a_sign_beside_the_heading_is_gone_as_well() -> None:
    beside = "<a class=anchor href='#p' aria-label='Permalink: Ports'><svg></svg></a>"
    starlight = "<a class=sl-anchor-link href='#p'><span>Section titled “Ports”</span></a>"
    assert shown(f"<div><h2>Ports</h2>{beside}{starlight}</div><p>It listens.</p>") == "## Ports\n\nIt listens."


def test_terms_stand_in_bold_before_what_they_mean() -> None:
    page = (
        "<dl><dt>Crane</dt><dd>Lifts loads.</dd><dt><code>--port</code></dt><dd><p>The port.</p></dd>"
        "<dt>Willow</dt><dd><p>A crane.</p><dl><dt>Load</dt><dd>240 kg</dd></dl></dd></dl>"
    )
    assert shown(page).split("\n\n") == [
        *("**Crane**: Lifts loads.", "**`--port`**: The port.", "**Willow**", "A crane.", "**Load**: 240 kg"),
    ]


# ---- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(
            "<tr><th>Crane</th><th>Load</th></tr><tr><td rowspan=2>Willow</td><td>1</td></tr><tr><td>2</td></tr>"
            "<tr><td>Ash</td><td>3</td></tr>",
            ["| Crane | Load |", "| --- | --- |", "| Willow | 1 |", "| Willow | 2 |", "| Ash | 3 |"],
            id="over rows",
        ),
        pytest.param(
            "<tr><th>Crane</th><th>Min</th><th>Max</th></tr><tr><td>Willow</td><td colspan=2>none</td></tr>",
            ["| Crane | Min | Max |", "| --- | --- | --- |", "| Willow | none | none |"],
            id="over columns",
        ),
        pytest.param(
            "<tr><th>A</th><th>B</th><th>C</th></tr><tr><td colspan=2 rowspan=2>both</td><td>1</td></tr>"
            "<tr><td>2</td></tr><tr><td rowspan=0>rest</td><td>3</td><td>4</td></tr><tr><td>5</td></tr>",
            [
                *("| A | B | C |", "| --- | --- | --- |", "| both | both | 1 |", "| both | both | 2 |"),
                *("| rest | 3 | 4 |", "| rest | 5 |  |"),
            ],
            id="over both, and to the end",
        ),
        pytest.param(
            "<thead><tr><th rowspan=2>Crane</th><th colspan=2>Load</th></tr><tr><th>min</th><th>max</th></tr></thead>"
            "<tbody><tr><td>Ash</td><td>1</td><td>2</td></tr></tbody>",
            ["| Crane | Load min | Load max |", "| --- | --- | --- |", "| Ash | 1 | 2 |"],
            id="a head of two rows",
        ),
        pytest.param(
            "<tr><td>a|b</td><td><code>x || y</code></td></tr><tr><td>1<br>2</td><td><pre>c\nd</pre></td></tr>",
            ["| a\\|b | `x \\|\\| y` |", "| --- | --- |", "| 1 2 | `c d` |"],
            id="bars, breaks and code",
        ),
        pytest.param(
            "<tr><th>A</th><th>B</th></tr><tr><td>Has<ul><li>one</li><li>two</li></ul></td><td><p>p</p>and<p>q</p></td></tr>"
            "<tr><td>short</td></tr>",
            ["| A | B |", "| --- | --- |", "| Has one; two | p and q |", "| short |  |"],
            id="lists and paragraphs",
        ),
        pytest.param(
            "<caption>All cranes</caption><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr>",
            ["All cranes", "", "| A | B |", "| --- | --- |", "| 1 | 2 |"],
            id="a caption",
        ),
        pytest.param(
            "<tr><td colspan=2>All cranes</td></tr><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr>",
            ["All cranes", "", "| A | B |", "| --- | --- |", "| 1 | 2 |"],
            id="a title over all columns",
        ),
        pytest.param(
            "<tr><th>Crane</th><th>Data</th></tr><tr><td>Ash</td><td><table><tr><td>load</td><td>5 kg</td></tr><tr>"
            "<td>reach</td><td>3|4</td></tr></table></td></tr>",
            ["| Crane | Data |", "| --- | --- |", "| Ash | load: 5 kg; reach: 3\\|4 |"],
            id="a table in a cell",
        ),
        pytest.param(
            "<tr><td>Menu</td><td><h2>Cranes</h2><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr>"
            "</table></td></tr>",
            ["Menu", "", "## Cranes", "", "| A | B |", "| --- | --- |", "| 1 | 2 |"],
            id="a table that only places things",
        ),
        pytest.param(
            "<tr><th>A<th>B<tr><td>1<ul><li>x<li>y</ul><td>2",
            ["| A | B |", "| --- | --- |", "| 1 x; y | 2 |"],
            id="without the ends of cells",
        ),
        pytest.param("<tr><td><p>One box.</p></td></tr>", ["One box."], id="a box"),
    ],
)
def test_tables_of_any_shape(table: str, expected: list[str]) -> None:
    assert shown(f"<p>Before.</p><table>{table}</table>").split("Before.\n\n")[1].splitlines() == expected


def test_merged_cells_of_word_repeat_their_value() -> None:
    def cell(text: str, said: str = "") -> str:
        return f"<w:tc><w:tcPr>{said}</w:tcPr>{paragraph(run(text))}</w:tc>"

    down, below, across = '<w:vMerge w:val="restart"/>', "<w:vMerge/>", '<w:gridSpan w:val="2"/>'
    rows = [
        cell("Crane") + cell("Min") + cell("Max"),
        cell("Willow", down) + cell("1|2") + cell("3"),
        cell("", below) + cell("none", across),
    ]
    text = word_to_markdown(io.BytesIO(word(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>")))
    assert text.splitlines() == [
        *("| Crane | Min | Max |", "| --- | --- | --- |", "| Willow | 1\\|2 | 3 |", "| Willow | none | none |"),
    ]


def test_spans_cannot_fill_the_memory() -> None:
    rows = f"<tr><td colspan=1000 rowspan=60000>{'x' * 1000}</td></tr>" + "<tr></tr>" * 200
    assert len(shown(f"<p>Before.</p><table><tr><th>A</th><th>B</th></tr>{rows}</table>")) < 2 * MOST_COPIED


CELLS = st.sampled_from(["<td>a</td>", "<td rowspan=2>b</td>", "<td colspan=3>c</td>", "<th>d</th>", "<td rowspan=0>|"])


@given(st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=5))
def test_every_row_of_a_table_has_as_many_cells(rows: list[list[str]]) -> None:
    inside = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    text = shown(f"<p>Before.</p><table>{inside}</table>")
    lines = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) <= 1
