//! What stands out on a terminal: headings, what needs attention, and how a thing stands.

use console::{Style, style};

/// The lines of an answer, with colours where the terminal wants them.
#[must_use]
pub fn painted(text: &str) -> String {
    if !console::colors_enabled() {
        return text.to_owned();
    }
    text.split_inclusive('\n').map(line).collect()
}

fn line(whole: &str) -> String {
    let (text, end) = whole
        .strip_suffix('\n')
        .map_or((whole, ""), |text| (text, "\n"));
    let Some(look) = look(text) else {
        return whole.to_owned();
    };
    format!("{}{end}", look.apply_to(text))
}

fn look(text: &str) -> Option<Style> {
    let said = text.trim_start();
    let letters = || said.chars().filter(|sign| sign.is_alphabetic());
    if said.starts_with("! ") {
        Some(Style::new().yellow())
    } else if said.ends_with(": not ready") || said.starts_with("failed ") {
        Some(Style::new().red())
    } else if said.ends_with(": ready") || said.starts_with("succeeded ") {
        Some(Style::new().green())
    } else if letters().count() > 2 && letters().all(char::is_uppercase) {
        Some(Style::new().bold())
    } else {
        None
    }
}

/// The name of the tool before a sentence on standard error.
#[must_use]
pub fn complaint(sentence: &str) -> String {
    format!(
        "{} {sentence}",
        style("aurora-failover:").for_stderr().red()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_attention_and_readiness_stand_out_and_nothing_else() {
        let shown =
            |text: &str| look(text).map(|look| look.force_styling(true).apply_to("x").to_string());
        let ansi = |code: &str| Some(format!("\x1b[{code}mx\x1b[0m"));
        assert_eq!(shown("  REGION  LAST BEAT"), ansi("1"));
        assert_eq!(shown("  ! us-west-2 does not answer"), ansi("33"));
        assert_eq!(shown("  failback to us-west-2: ready"), ansi("32"));
        assert_eq!(shown("  failback to us-west-2: not ready"), ansi("31"));
        assert_eq!(shown("  us-west-2  orders-west  writer"), None);
        assert_eq!(shown("  ? ?"), None);
    }

    #[test]
    fn an_answer_keeps_its_lines() {
        let text = "orders: the writer is in us-east-1\n  REGION\n\n  ! it\nend";
        let painted: String = text.split_inclusive('\n').map(line).collect();
        assert_eq!(console::strip_ansi_codes(&painted), text);
    }
}
