// Tables below an answer: a click on the name of a column sorts by it, numbers as numbers.
({ acts, all }) => {
  const number = (text) => {
    const found = text.replace(/[,\u00a0\u202f](?=\d{3})/g, "").match(/^\D{0,3}?(-?\d+(?:\.\d+)?)(?![-\d.:/])/);
    return found ? Number(found[1]) : NaN;
  };
  acts["display-sort"] = (el) => {
    const head = el.closest("th");
    const body = head.closest("table").tBodies[0];
    const place = [...head.parentElement.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    const text = (row) => row.cells[place].textContent.trim();
    const rows = [...body.rows];
    const numbers = rows.every((row) => text(row) === "" || !Number.isNaN(number(text(row))));
    rows.sort((a, b) => (numbers ? (number(text(a)) || 0) - (number(text(b)) || 0) : text(a).localeCompare(text(b))) * (down ? -1 : 1));
    body.append(...rows);
    all("th[aria-sort]", head.parentElement).forEach((each) => each.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
}
