//! Writes `statemachine/*.asl.json` and the templates that deploy them.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for machine in machines::all() {
        let file = root.join(format!("statemachine/{}.asl.json", machine.name));
        fs::write(file, machine.definition().pretty())?;
    }
    for topology in machines::topologies() {
        let file = root.join(format!("cloudformation/{}-machines.yaml", topology.name));
        fs::write(file, machines::template(&topology))?;
    }
    Ok(())
}
