//! Writes `statemachine/*.asl.json`.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../statemachine"));
    for machine in machines::all() {
        let file = folder.join(format!("{}.asl.json", machine.name));
        fs::write(file, machine.definition().pretty())?;
    }
    Ok(())
}
