"""Markdown as people write it, in the words a reader reads."""

from __future__ import annotations

import pytest

from rag.text.reading import BlockKind, reading


def labelled(text: str) -> list[tuple[str, str]]:
    """What is read, without headings and labels: each with the label it stands under."""
    read = reading(text)
    return [(b.label, read.text[b.start : b.end]) for b in read.blocks if b.kind is not BlockKind.HEADING]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "import Tabs from '@theme/Tabs';\nexport const a = 1;\n\nWords.", [("", "Words.")], id="MDX: modules"
        ),
        pytest.param(
            '<Tabs>\n<TabItem value="vm" label="Virtual machine">\n\nRun `a`.\n\n</TabItem>\n</Tabs>\n\nAfter.',
            [("Virtual machine", "Run `a`."), ("", "After.")],
            id="MDX: tabs",
        ),
        pytest.param(
            '<Tabs>\n  <TabItem value="a" label="A">\n    Words.\n\n    ```sh\n    ls\n    ```\n  </TabItem>\n</Tabs>',
            [("A", "Words."), ("A", "ls")],
            id="MDX: indented tabs",
        ),
        pytest.param(
            "<Tabs values={[{label: 'Old', value: 'o'}]}>\n<TabItem value=\"o\">\n\nWords.\n\n</TabItem>\n</Tabs>",
            [("Old", "Words.")],
            id="MDX: labels told beforehand",
        ),
        pytest.param('<Card command="add @a/b" />', [("", "`add @a/b`")], id="MDX: a component without content"),
        pytest.param(
            '<TabItem label="A">\n```sh\nls\n```\n</TabItem>', [("A", "ls")], id="MDX: code without blank lines"
        ),
        pytest.param("{/* none */}\n\nWords{' '}here.", [("", "Words here.")], id="MDX: expressions"),
        pytest.param(
            ":::warning Before\n\nDrain.\n\n:::\n\nAfter.", [("Before", "Drain."), ("", "After.")], id="Docusaurus"
        ),
        pytest.param(":::danger[Loss]\nGone.\n:::", [("Loss", "Gone.")], id="Docusaurus: title in brackets"),
        pytest.param(
            "::::tip\n:::note In\nDeep.\n:::\nOut.\n::::", [("In", "Deep."), ("", "Out.")], id="Docusaurus: nested"
        ),
        pytest.param("::: details Click\nIn.\n:::", [("Click", "In.")], id="VitePress"),
        pytest.param("```js [a.js]\nx\n```", [("a.js", "x")], id="VitePress: the name of a file"),
        pytest.param(
            '!!! note "T"\n\n    One.\n\n    - two\n\nOut.', [("T", "One."), ("T", "two"), ("", "Out.")], id="MkDocs"
        ),
        pytest.param("??? question\n    In.\nOut.", [("", "In."), ("", "Out.")], id="MkDocs: a fold without a title"),
        pytest.param('???+ tip "T"\n    ```sh\n    ls\n    ```', [("T", "ls")], id="MkDocs: code in a fold"),
        pytest.param('=== "A"\n\n    One.\n\n=== "B"\n\n    Two.', [("A", "One."), ("B", "Two.")], id="MkDocs: tabs"),
        pytest.param(
            '1. one\n\n    !!! note "T"\n\n        In.\n\n2. two',
            [("", "one"), ("T", "In."), ("", "two")],
            id="MkDocs: in a list",
        ),
        pytest.param('=== "A"\n    !!! tip "T"\n        In.', [("A › T", "In.")], id="MkDocs: nested"),
        pytest.param(
            '--8<-- "a.md"\n\nPress ++ctrl+z++ :material-check:', [("", "Press ctrl+z ✓")], id="MkDocs: signs"
        ),
        pytest.param("[link](a.md){ target=_blank } ==so=={ .x }", [("", "link so")], id="attributes"),
        pytest.param('{% hint style="info" %}\nMind.\n{% endhint %}', [("", "Mind.")], id="GitBook"),
        pytest.param(
            '{% tabs %}\n{% tab title="A" %}\nOne.\n{% endtab %}\n{% endtabs %}\nOut.',
            [("A", "One."), ("", "Out.")],
            id="GitBook: tabs",
        ),
        pytest.param('{% include note.html content="Three days." %}', [("", "Three days.")], id="Jekyll: an include"),
        pytest.param("{% highlight bash %}\ngit tag\n{% endhighlight %}", [("", "git tag")], id="Jekyll: code"),
        pytest.param("Needs {{ site.n }} people, see {{ x.y }}.", [("", "Needs people, see.")], id="Jekyll: values"),
        pytest.param("{% comment %}\nno\n{% endcomment %}\nyes", [("", "yes")], id="Jekyll: comments"),
        pytest.param("# T\n{: .a #b}\n\n* TOC\n{:toc}\n\nWords.", [("", "Words.")], id="kramdown"),
        pytest.param(
            '{{< tabs >}}\n{{% tab name="A" %}}\nOne.\n{{% /tab %}}\n{{< /tabs >}}', [("A", "One.")], id="Hugo: tabs"
        ),
        pytest.param(
            '{{< tab header="Go" lang="go" >}}\nx := 1\n{{< /tab >}}', [("Go", "x := 1")], id="Hugo: tabs of code"
        ),
        pytest.param('{{% notice note "T" %}}\nIn.\n{{% /notice %}}', [("T", "In.")], id="Hugo: a title by its place"),
        pytest.param(
            'A {{< glossary text="pod" id="p" >}} [here]({{< ref "x.md" >}}).',
            [("", "A pod here.")],
            id="Hugo: in a sentence",
        ),
        pytest.param("> [!note]- T\n> In [[A b#c|d]] and [[E]].", [("T", "In d and E.")], id="Obsidian"),
        pytest.param("%%no%% ==so== ![[a.png]] ![[Note]]", [("", "so Note")], id="Obsidian: signs"),
        pytest.param("# [Linux](#tab/l)\n\nOne.\n\n---\n\nOut.", [("Linux", "One."), ("", "Out.")], id="Learn: tabs"),
        pytest.param('::: zone pivot="x"\nIn.\n::: zone-end', [("", "In.")], id="Learn: zones"),
        pytest.param("> [!TIP]\n> In.", [("", "In.")], id="GitHub: alerts"),
        pytest.param("```{note} T\nIn {ref}`x`.\n```", [("T", "In `x`.")], id="MyST"),
        pytest.param("Term\n: Its meaning.\n\n[a]{.b}", [("", "Term: Its meaning."), ("", "a")], id="Pandoc"),
        pytest.param("- :a-b:{ .lg } x", [("", ":a-b:{ .lg } x")], id="braces after no icon"),
        pytest.param("- :material-x:{ .lg } y", [("", "y")], id="braces after an icon"),
        pytest.param("{++a++} {--b--} {~~c~>d~~} ^^e^^", [("", "a d e")], id="proposed changes"),
        pytest.param("?> Mind.", [("", "Mind.")], id="docsify"),
        pytest.param(
            "<CodeGroup>\n\n```sh npm\nnpm i\n```\n\n</CodeGroup>", [("npm", "npm i")], id="Mintlify: a group of codes"
        ),
        pytest.param(
            '<ParamField path="limit">\n  How many.\n</ParamField>', [("limit", "How many.")], id="Mintlify: a field"
        ),
        pytest.param('{{< glossary_tooltip term_id="node" >}} so', [("", "node so")], id="Hugo: a term"),
        pytest.param("If a<b and c>d.", [("", "If a<b and c>d.")], id="comparisons"),
        pytest.param("a\\\nb", [("", "a\nb")], id="a broken line"),
        pytest.param("*[MTBF]: Mean time", [("MTBF", "Mean time")], id="abbreviations"),
        pytest.param("Flat[^1] so.\n\n[^1]: Within 1 mm.", [("", "Flat (Within 1 mm) so.")], id="footnotes"),
        pytest.param("[^1]: Within 1 mm.", [("", "Within 1 mm.")], id="a footnote called elsewhere"),
        pytest.param("{{tab}}", [], id="an empty one"),
        pytest.param("---\ntitle: a\ntags: [b]\n---\n\nWords.", [("", "Words.")], id="front matter"),
    ],
)
def test_a_dialect_is_read_as_its_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert labelled(text) == expected


@pytest.mark.parametrize(
    "code",
    [
        "{{ value }}",
        "{% if x %}",
        "!!! note",
        ":::tip",
        '=== "A"',
        "<b>x</b>",
        "[a](b)",
        "$x$",
        "&amp;",
        "import a from 'b'",
        "[^1]",
    ],
)
def test_nothing_is_touched_in_code(code: str) -> None:
    assert reading(f"```\n{code}\n```").text == f"```\n{code}\n```"
    assert reading(f"Use `{code}` so.").text == f"Use `{code}` so."
    assert reading(f"Words:\n\n    {code}").text == f"Words:\n\n```\n{code}\n```"


def test_a_template_that_is_told_of_stays() -> None:
    assert reading("{% raw %}\nUse {{ secret }} here.\n{% endraw %}").text == "Use {{ secret }} here."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('See [the [x] page](a.md "t").', "See the [x] page.", id="a link"),
        pytest.param("[a][b], [b] and [c].\n\n[b]: http://x", "a, b and [c].", id="references"),
        pytest.param("![The pump](a.png) runs ![](b.png)", "The pump runs", id="pictures"),
        pytest.param("[![Build](https://img.shields.io/x)](y) Words", "Words", id="badges"),
        pytest.param("<https://a.b/c> and <me@a.b>", "https://a.b/c and me@a.b", id="addresses"),
        pytest.param(f"http://a.b/{'c' * 60} so", "http://a.b/… so", id="a long address"),
        pytest.param("## T [¶](#t) {#t}", "## T", id="permalinks"),
        pytest.param("## T\u200b", "## T", id="no blank at all"),
        pytest.param("snake\\_case 1\\) \\*so\\* C\\#", "snake_case 1) \\*so\\* C#", id="escapes"),
        pytest.param("a &amp; b&nbsp;c &lt;x> &lt;b>", "a & b c <x> \\<b>", id="entities"),
        pytest.param("It is $5 and $7, or $x_1 * y$.", "It is $5 and $7, or $x_1 * y$.", id="money and a formula"),
        pytest.param("\\(a_{1} * b\\) and \\[ E \\]", "\\(a_{1} * b\\) and \\[ E \\]", id="formulas in brackets"),
        pytest.param("Title\n=====\n\nSub\n---", "# Title\n\n## Sub", id="setext headings"),
        pytest.param("> a\n> b", "a\nb", id="a quote"),
    ],
)
def test_marks_are_read_as_their_words(text: str, expected: str) -> None:
    assert reading(text).text == expected


@pytest.mark.parametrize(
    "formula",
    [
        "$$\nx = 1\n\n= 2\n$$",
        "$$ x $$",
        "\\[\na\n\\]",
        "\\begin{align}\na &= b \\\\\n\\end{align}",
        "```math\nE = mc^2\n```",
        "$x$",
    ],
)
def test_a_formula_on_its_own_is_a_block_letter_by_letter(formula: str) -> None:
    read = reading(f"Let\n\n{formula}\n\nbe.")
    assert [(b.kind, read.text[b.start : b.end]) for b in read.blocks][1] == (BlockKind.FORMULA, formula)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("3. a\n4. b", [("3.", 0, "a"), ("4.", 0, "b")], id="numbers go on"),
        pytest.param("- a\n  - b\n    1. c", [("-", 0, "a"), ("-", 1, "b"), ("1.", 2, "c")], id="nested"),
        pytest.param("- [ ] a\n- [x] b", [("- [ ]", 0, "a"), ("- [x]", 0, "b")], id="tasks"),
        pytest.param("a) b\nb) c", [("a)", 0, "b"), ("b)", 0, "c")], id="letters"),
        pytest.param("1. a\n\n   b", [("1.", 0, "a"), ("", 0, "b")], id="a second paragraph"),
        pytest.param("<ol start=3><li>a<li>b</ol>", [("3.", 0, "a"), ("4.", 0, "b")], id="HTML"),
    ],
)
def test_items_keep_their_markers(text: str, expected: list[tuple[str, int, str]]) -> None:
    read = reading(text)
    assert [(b.marker, b.depth, read.text[b.start : b.end]) for b in read.blocks] == expected
    assert reading(read.text).text == read.text


@pytest.mark.parametrize(
    ("lead", "text", "expected"),
    [
        pytest.param("```python", "x = 1\n```\n\nSo.", "```python\nx = 1\n```\n\nSo.", id="code"),
        pytest.param("", "x = 1\n```\n", "```\nx = 1\n```", id="the end of code"),
        pytest.param(
            "",
            "x = 1\n```\n\nSo.\n\n```py\ny\n```",
            "```\nx = 1\n```\n\nSo.\n\n```py\ny\n```",
            id="code, told by what follows",
        ),
        pytest.param("", "```py\nx = 1", "```py\nx = 1\n```", id="the beginning of code"),
        pytest.param('=== "Linux"', "    Run it.", "**Linux**\n\nRun it.", id="a tab"),
        pytest.param(":::note Mind", "Drain.\n:::", "**Mind**\n\nDrain.", id="an admonition"),
        pytest.param("$$", "x = 1\n$$", "$$\nx = 1\n$$", id="a formula"),
        pytest.param(
            "",
            "    The words of an item go on in here.\n\n- b",
            "The words of an item go on in here.\n\n- b",
            id="an item",
        ),
        pytest.param("", '<p>Words</p>\n<td class="a', "Words", id="a tag cut off"),
    ],
)
def test_half_of_something_is_read_with_what_opened_it(lead: str, text: str, expected: str) -> None:
    assert reading(text, lead).text == expected
