//! Reads an expression into terms.

/// A term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::execution) enum Term {
    /// `'text'`.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Bool(bool),
    /// `$variable.key.key`.
    Path(Vec<String>),
    /// `{'key': term}`.
    Object(Vec<(String, Term)>),
    /// `[term, term]`.
    List(Vec<Term>),
    /// `condition ? term : term`.
    If(Box<Term>, Box<Term>, Box<Term>),
    /// `term + term`.
    Sum(Box<Term>, Box<Term>),
    /// `term & term`.
    Joined(Box<Term>, Box<Term>),
    /// `$function(term, term)`.
    Call(String, Vec<Term>),
}

/// Reads an expression.
///
/// # Errors
/// A sentence that says what is not understood, and where.
pub(super) fn parse(text: &str) -> Result<Term, String> {
    let mut rest = Rest(text);
    let term = rest.term()?;
    rest.ends()?;
    Ok(term)
}

/// What of an expression is not read yet.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn ends(&mut self) -> Result<(), String> {
        self.space();
        if self.0.is_empty() {
            return Ok(());
        }
        Err(format!("{:?} is not understood", self.0))
    }

    fn space(&mut self) {
        self.0 = self.0.trim_start();
    }

    /// Whether this comes next; it is read then.
    fn takes(&mut self, word: &str) -> bool {
        self.space();
        match self.0.strip_prefix(word) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn wants(&mut self, word: &str) -> Result<(), String> {
        if self.takes(word) {
            return Ok(());
        }
        Err(format!("{word} is missing before {:?}", self.0))
    }

    fn term(&mut self) -> Result<Term, String> {
        let mut term = self.joined()?;
        if self.takes("?") {
            let then = self.term()?;
            self.wants(":")?;
            term = Term::If(term.into(), then.into(), self.term()?.into());
        }
        Ok(term)
    }

    fn joined(&mut self) -> Result<Term, String> {
        let mut term = self.single()?;
        loop {
            if self.takes("+") {
                term = Term::Sum(term.into(), self.single()?.into());
            } else if self.takes("&") {
                term = Term::Joined(term.into(), self.single()?.into());
            } else {
                return Ok(term);
            }
        }
    }

    fn single(&mut self) -> Result<Term, String> {
        if self.takes("'") {
            return self.text().map(Term::Text);
        }
        if self.takes("{") {
            return self.object();
        }
        if self.takes("[") {
            return self.several("]").map(Term::List);
        }
        if self.takes("$") {
            return self.path();
        }
        let word = self.word();
        match word.as_str() {
            "true" => Ok(Term::Bool(true)),
            "false" => Ok(Term::Bool(false)),
            number => {
                let number = number.parse().map(Term::Number);
                number.map_err(|_| format!("{word}{:?} is not understood", self.0))
            }
        }
    }

    fn text(&mut self) -> Result<String, String> {
        let Some((text, rest)) = self.0.split_once('\'') else {
            return Err(format!("{:?} has no end", self.0));
        };
        self.0 = rest;
        Ok(text.to_owned())
    }

    fn object(&mut self) -> Result<Term, String> {
        let mut members = Vec::new();
        while !self.takes("}") {
            self.wants("'")?;
            let key = self.text()?;
            self.wants(":")?;
            members.push((key, self.term()?));
            self.takes(",");
        }
        Ok(Term::Object(members))
    }

    fn several(&mut self, end: &str) -> Result<Vec<Term>, String> {
        let mut terms = Vec::new();
        while !self.takes(end) {
            terms.push(self.term()?);
            self.takes(",");
        }
        Ok(terms)
    }

    fn path(&mut self) -> Result<Term, String> {
        let first = self.word();
        if self.0.starts_with('(') {
            self.0 = &self.0[1..];
            return Ok(Term::Call(first, self.several(")")?));
        }
        let mut keys = vec![first];
        while self.0.starts_with('.') {
            self.0 = &self.0[1..];
            keys.push(self.word());
        }
        Ok(Term::Path(keys))
    }

    fn word(&mut self) -> String {
        self.space();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = self
            .0
            .find(|letter| !is_part(letter))
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        let word = word.to_owned();
        self.0 = rest;
        word
    }
}
