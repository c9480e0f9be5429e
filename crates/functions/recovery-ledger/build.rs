//! Tells the function which others there are to keep awake: those whose folders lie beside its own.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=..");
    let mut others = Vec::new();
    for entry in std::fs::read_dir("..")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != env!("CARGO_PKG_NAME") && entry.path().join("function.json").is_file() {
            others.push(name);
        }
    }
    others.sort();
    println!("cargo::rustc-env=OTHER_FUNCTIONS={}", others.join(" "));
    Ok(())
}
