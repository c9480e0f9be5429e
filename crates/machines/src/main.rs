//! Writes `statemachine/*.asl.json` and the template that deploys them.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let machines = machines::all();
    for machine in &machines {
        let file = root.join(format!("statemachine/{}.asl.json", machine.name));
        fs::write(file, machine.definition().pretty())?;
    }
    let template = machines::template(&machines);
    fs::write(
        root.join("cloudformation/aurora-global-machines.yaml"),
        template,
    )
}
