//! The operator's tool `aurora-failover`.

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;
use cli::{arguments::Arguments, carried_out::carry_out, ending::Answer, terminal::Terminal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::of_process(arguments.output);
    let answer = tokio::select! {
        answer = carry_out(arguments, &terminal) => answer,
        Ok(()) = tokio::signal::ctrl_c() => terminal.interrupted(),
    };
    tell(&terminal, &answer);
    answer.ending.into()
}

fn tell(terminal: &Terminal, answer: &Answer) {
    terminal.clear();
    let mut out = std::io::stdout().lock();
    // Whoever closes the pipe early has read enough.
    let _ = out
        .write_all(answer.text.as_bytes())
        .and_then(|()| out.flush());
    for complaint in &answer.complaints {
        eprintln!("aurora-failover: {complaint}");
    }
}
