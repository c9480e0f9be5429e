//! The paths in a piece of Rust: those of `use` trees, written out, and those in the code between.

/// As much of Rust's words as paths are made of.
#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    /// `::`
    Then,
    Open,
    Close,
    Comma,
    End,
    Other,
}

/// Every path, by its names. A single name counts only in a `use`.
pub(super) fn paths(code: &str) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let Token::Word(word) = token else {
            at += 1;
            continue;
        };
        if word == "use" {
            at += 1;
            tree(&tokens, &mut at, &[], &mut found);
        } else {
            found.extend(path(&tokens, &mut at));
        }
    }
    found
}

/// The path that begins here, if more than a word does.
fn path(tokens: &[Token], at: &mut usize) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while let Some(Token::Word(word)) = tokens.get(*at) {
        names.push(word.clone());
        *at += 1;
        if tokens.get(*at) != Some(&Token::Then) {
            break;
        }
        *at += 1;
    }
    (names.len() > 1).then_some(names)
}

/// What a `use` tree names, from here to its end.
fn tree(tokens: &[Token], at: &mut usize, before: &[String], found: &mut Vec<Vec<String>>) {
    let mut names = before.to_vec();
    loop {
        match tokens.get(*at) {
            Some(Token::Word(word)) if word == "as" => *at += 2,
            Some(Token::Word(word)) => {
                names.push(word.clone());
                *at += 1;
            }
            Some(Token::Open) => {
                *at += 1;
                return branches(tokens, at, &names, found);
            }
            Some(Token::Then | Token::Other) => *at += 1,
            Some(Token::Comma | Token::Close | Token::End) | None => {
                return found.push(names);
            }
        }
    }
}

fn branches(tokens: &[Token], at: &mut usize, before: &[String], found: &mut Vec<Vec<String>>) {
    loop {
        if tokens.get(*at) == Some(&Token::Close) {
            *at += 1;
            return;
        }
        tree(tokens, at, before, found);
        if tokens.get(*at) == Some(&Token::Comma) {
            *at += 1;
        } else if tokens.get(*at) != Some(&Token::Close) {
            return;
        }
    }
}

fn tokens(code: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            _ if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("::") => (Some(Token::Then), 2),
            '"' => (Some(Token::Other), text(rest)),
            '\'' => (Some(Token::Other), quoted(rest)),
            '{' => (Some(Token::Open), 1),
            '}' => (Some(Token::Close), 1),
            ',' => (Some(Token::Comma), 1),
            ';' => (Some(Token::End), 1),
            _ if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let word = &rest[..end.unwrap_or(rest.len())];
                (Some(Token::Word(word.to_owned())), word.len())
            }
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ => (Some(Token::Other), first.len_utf8()),
        };
        found.extend(token);
        rest = &rest[length..];
    }
    found
}

/// How long the text is that begins here. One between `#` ends with its first quote as well: what is behind that is no path.
fn text(rest: &str) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

/// How long a quoted character is, or the mark of a lifetime.
fn quoted(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => rest[at + 1..].find('\'').map_or(1, |end| at + 2 + end),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> Vec<String> {
        paths(code).iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn a_tree_is_written_out() {
        assert_eq!(
            said("use crate::{Error, a::{self, B as C}, d::*};\nuse super::e;"),
            [
                "crate::Error",
                "crate::a::self",
                "crate::a::B",
                "crate::d",
                "super::e"
            ]
        );
    }

    #[test]
    fn a_path_in_the_code_is_found_and_none_in_texts_and_comments() {
        let code = "fn f<'a>(x: &'a super::T) -> char { a::b(\"c::d \\\" e::f\"); '\\'' } // g::h";
        assert_eq!(said(code), ["super::T", "a::b"]);
    }
}
