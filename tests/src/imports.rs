//! Which module of a crate imports which other one, read from its sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{sources, text};

mod paths;

use paths::paths;

/// A module, by the names from the crate's root; the root itself has none.
pub type Module = Vec<String>;

/// What each module of a crate imports of the others, tests apart.
#[derive(Debug, Default)]
pub struct Imports(BTreeMap<Module, BTreeSet<Module>>);

/// The imports of the crate whose sources are in a folder.
pub fn of(folder: &str) -> Imports {
    let read = |path: String| {
        let module = module(path.strip_prefix(folder).unwrap());
        (module, text(&path))
    };
    of_sources(&sources(folder).into_iter().map(read).collect())
}

/// The same of given sources.
fn of_sources(sources: &BTreeMap<Module, String>) -> Imports {
    let tests: BTreeSet<Module> = sources.iter().flat_map(of_tests).collect();
    let is_shipped =
        |module: &&Module| !(1..=module.len()).any(|end| tests.contains(&module[..end]));
    let modules: BTreeSet<Module> = sources.keys().filter(is_shipped).cloned().collect();
    let imported = |module: &Module| {
        let paths = paths(shipped(&sources[module]));
        let found = paths
            .iter()
            .filter_map(|path| named(module, path, &modules));
        found.filter(|found| found != module).collect()
    };
    let each = modules
        .iter()
        .map(|module| (module.clone(), imported(module)));
    Imports(each.collect())
}

/// The module of a file: `steps/mod.rs` and `steps.rs` are the same.
fn module(path: &str) -> Module {
    let path = path.trim_start_matches('/').trim_end_matches(".rs");
    let mut names: Vec<_> = path.split('/').map(str::to_owned).collect();
    names.pop_if(|last| ["lib", "main", "mod"].contains(&last.as_str()));
    names
}

/// The modules that a file declares for its tests alone.
fn of_tests((module, text): (&Module, &String)) -> Vec<Module> {
    let behind = text.split("#[cfg(test)]").skip(1);
    let name = |rest: &str| {
        let declared = rest
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with("#["))?;
        let (_, name) = declared.split_once("mod ")?;
        name.strip_suffix(';').map(str::to_owned)
    };
    let within = |name| [module.as_slice(), &[name]].concat();
    behind.filter_map(name).map(within).collect()
}

/// A file's code, but for the tests at its end.
fn shipped(text: &str) -> &str {
    let mut tests = text.match_indices("#[cfg(test)]").filter(|(at, _)| {
        let declared = text[*at..]
            .lines()
            .skip(1)
            .find(|line| !line.starts_with("#["));
        declared.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
    });
    tests.next().map_or(text, |(at, _)| &text[..at])
}

/// The module that a path names, as it is written in another one.
fn named(inside: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let (from, rest) = match path.first()?.as_str() {
        "crate" => (&[][..], &path[1..]),
        "self" => (inside.as_slice(), &path[1..]),
        "super" => (inside.get(..inside.len().checked_sub(ups)?)?, &path[ups..]),
        child if modules.contains(&[inside.as_slice(), &[child.to_owned()]].concat()) => {
            (inside.as_slice(), path)
        }
        _ => return None,
    };
    let mut whole = [from, rest].concat();
    while !modules.contains(&whole) {
        whole.pop()?;
    }
    Some(whole)
}

impl Imports {
    /// The circles among the modules that share a parent, each with all that is below it. A module and what is below it are
    /// one: they import each other as they like.
    pub fn circles(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (parent, siblings) in self.siblings() {
            for circle in circles(&siblings) {
                let parent = parent.join("::");
                let names: Vec<_> = circle.iter().map(|name| name.as_str()).collect();
                found.push(format!("{parent}({})", names.join(", ")));
            }
        }
        found
    }

    /// How many modules the longest chain has, each importing the next; a circle is one.
    pub fn floors(&self) -> usize {
        let reached = reached(&self.0);
        let is_above = |upper: &Module, lower: &Module| {
            reached[upper].contains(lower) && !reached[lower].contains(upper)
        };
        let mut floors = BTreeMap::<&Module, usize>::new();
        // Whoever reaches fewer, itself among them, stands lower.
        let size = |module: &Module| {
            let around = &reached[module];
            around.len() + usize::from(!around.contains(module))
        };
        let mut modules: Vec<_> = self.0.keys().collect();
        modules.sort_by_key(|module| size(module));
        for module in modules {
            let below = floors.iter().filter(|(lower, _)| is_above(module, lower));
            let floor = below.map(|(_, floor)| floor + 1).max().unwrap_or(1);
            floors.insert(module, floor);
        }
        floors.into_values().max().unwrap_or_default()
    }

    fn siblings(&self) -> BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> {
        let mut found = BTreeMap::<_, BTreeMap<String, BTreeSet<String>>>::new();
        let edges = self
            .0
            .iter()
            .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
        for (from, to) in edges {
            let common = from
                .iter()
                .zip(to)
                .take_while(|(from, to)| from == to)
                .count();
            if let (Some(from_name), Some(to_name)) = (from.get(common), to.get(common)) {
                let siblings = found.entry(from[..common].to_vec()).or_default();
                siblings.entry(to_name.clone()).or_default();
                let imported = siblings.entry(from_name.clone()).or_default();
                imported.insert(to_name.clone());
            }
        }
        found
    }
}

/// What each reaches, over however many steps.
fn reached<T: Clone + Ord>(edges: &BTreeMap<T, BTreeSet<T>>) -> BTreeMap<T, BTreeSet<T>> {
    let from = |start: &T| {
        let mut found = BTreeSet::new();
        let mut open: Vec<&T> = vec![start];
        while let Some(next) = open.pop() {
            let all = edges.get(next).into_iter().flatten();
            open.extend(all.filter(|reached| found.insert((*reached).clone())));
        }
        found
    };
    edges
        .keys()
        .map(|start| (start.clone(), from(start)))
        .collect()
}

/// The greatest sets of which each reaches every other one.
fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<String>> {
    let reached = reached(edges);
    let around = |name: &String| {
        let back = |other: &&String| reached[*other].contains(name);
        reached[name].iter().filter(back).cloned().collect()
    };
    let all = edges.keys().map(around);
    all.filter(|circle: &BTreeSet<String>| circle.len() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Imports {
        let each = files
            .iter()
            .map(|(path, text)| (module(path), (*text).to_owned()));
        of_sources(&each.collect())
    }

    #[test]
    fn a_circle_over_three_modules_is_one_and_tests_close_none() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            (
                "a.rs",
                "use crate::{b::B, d};\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n",
            ),
            ("b/mod.rs", "use super::c::{self, C};"),
            ("c.rs", "fn c() { crate::a::a(); }"),
            ("d.rs", "// crate::a\nconst D: &str = \"crate::a\";"),
        ];
        let imports = crate_of(&files);
        assert_eq!(imports.circles(), ["(a, b, c)"]);
        assert_eq!(imports.floors(), 2);
    }

    #[test]
    fn a_module_and_what_is_below_it_are_one() {
        let files = [
            (
                "a.rs",
                "mod low;\nmod high;\n#[cfg(test)]\nmod fake;\nfn a() { low::low() }",
            ),
            ("a/low.rs", "use super::A;"),
            ("a/high.rs", "use super::low::Low;"),
            ("a/fake.rs", "use super::high;"),
            ("b.rs", "use crate::a::high::High;"),
        ];
        let imports = crate_of(&files);
        assert_eq!(imports.circles(), Vec::<String>::new());
        assert_eq!(
            imports.0.len(),
            4,
            "what only tests have is none of the crate's"
        );
        assert_eq!(
            imports.floors(),
            3,
            "b imports high, which imports the circle of a and low"
        );
    }
}
