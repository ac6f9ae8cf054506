// Light colouring of GraphQL and JSON: a text becomes pieces, each with a kind or none.

const GRAPHQL = new RegExp(
  [
    String.raw`(?<comment>#[^\n]*)`,
    String.raw`(?<string>"""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?)`,
    String.raw`(?<variable>\$\w+)`,
    String.raw`(?<directive>@\w+)`,
    String.raw`(?<keyword>\b(?:query|fragment|on|mutation|subscription|true|false|null)\b)`,
    String.raw`(?<argument>\b[A-Za-z_]\w*(?=\s*:))`,
    String.raw`(?<type>\b[A-Z]\w*)`,
    String.raw`(?<number>-?\b\d+(?:\.\d+)?\b)`,
    String.raw`(?<field>\b[a-z_]\w*)`,
    String.raw`(?<mark>[{}()[\]!:=|&]|\.\.\.)`,
  ].join("|"),
  "g",
);

const JSON_TEXT = new RegExp(
  [
    String.raw`(?<argument>"(?:\\.|[^"\\\n])*"(?=\s*:))`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"?)`,
    String.raw`(?<keyword>\b(?:true|false|null)\b)`,
    String.raw`(?<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)`,
    String.raw`(?<mark>[{}[\]:,])`,
  ].join("|"),
  "g",
);

const LANGUAGES = { graphql: GRAPHQL, json: JSON_TEXT };

/** Pieces of a text in order: `{text, kind}`; together they are the text. */
export function colourPieces(text, name) {
  const pieces = [];
  let position = 0;
  for (const match of text.matchAll(LANGUAGES[name])) {
    if (match.index > position) pieces.push({ text: text.slice(position, match.index), kind: null });
    const kind = Object.keys(match.groups).find((group) => match.groups[group] !== undefined);
    pieces.push({ text: match[0], kind });
    position = match.index + match[0].length;
  }
  if (position < text.length) pieces.push({ text: text.slice(position), kind: null });
  return pieces;
}

/** A text as coloured nodes. */
export function colourNodes(text, name) {
  return colourPieces(text, name).map((piece) => {
    if (piece.kind === null) return document.createTextNode(piece.text);
    const span = document.createElement("span");
    span.className = `c-${piece.kind}`;
    span.textContent = piece.text;
    return span;
  });
}
