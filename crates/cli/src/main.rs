//! The operator's tool `aurora-failover`.

use std::{io::Write as _, process::ExitCode};

use clap::{ColorChoice, Parser as _};
use cli::{
    arguments::{Arguments, Output},
    carried_out::carry_out,
    colours,
    ending::Answer,
    table,
    terminal::Terminal,
};
use console::Term;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = arguments.output;
    look_of(&arguments);
    let terminal = Terminal::of_process(output);
    let answer = tokio::select! {
        answer = carry_out(arguments, &terminal) => answer,
        Ok(()) = tokio::signal::ctrl_c() => terminal.interrupted(),
    };
    tell(&terminal, &answer, output);
    answer.ending.into()
}

/// Fits the tables to the terminal, and colours them where it has colours or where that was asked for.
fn look_of(arguments: &Arguments) {
    let out = Term::stdout();
    if let Some((_, width)) = out.size_checked().filter(|_| out.is_term()) {
        table::fit(width);
    }
    let coloured = match arguments.color {
        ColorChoice::Auto => return,
        ColorChoice::Always => true,
        ColorChoice::Never => false,
    };
    console::set_colors_enabled(coloured);
    console::set_colors_enabled_stderr(coloured);
}

fn tell(terminal: &Terminal, answer: &Answer, output: Output) {
    terminal.clear();
    let text = match output {
        Output::Table => colours::painted(&answer.text),
        Output::Json => answer.text.clone(),
    };
    let mut out = std::io::stdout().lock();
    // Whoever closes the pipe early has read enough.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    for complaint in &answer.complaints {
        eprintln!("{}", colours::complaint(complaint));
    }
}
