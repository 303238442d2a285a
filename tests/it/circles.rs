//! Inside a crate, modules beside each other lean on one another in one direction.
//!
//! A room is a module with all that lies below it. An arrow goes from a room to the room beside it in which something that it
//! names is defined, through any re-export. A re-export is a door and no arrow, and a module may need its own children and be
//! needed by them. Tests, and paths inside macro calls, are not looked at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// Names from the root of a crate down.
type Names = Vec<String>;

/// What a name of a module stands for.
enum Meaning {
    /// Something that is defined in the module.
    Here,
    /// A module below.
    Below,
    /// What a path says, seen from the root.
    Elsewhere(Names),
}

struct Module {
    names: BTreeMap<String, Meaning>,
    globs: Vec<Names>,
    /// Paths that the code of the module names, seen from the root.
    named: BTreeSet<Names>,
}

#[derive(Default)]
struct Sources(BTreeMap<Names, Module>);

fn of_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
    };
    attributes.iter().any(is_test)
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that an item defines.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

/// Every path of a `use`, with the name it gets; `*` for a glob.
fn leaves(tree: &UseTree, mut path: Names, all: &mut Vec<(Names, String)>) {
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            leaves(&tree.tree, path, all);
        }
        UseTree::Name(tree) if tree.ident == "self" => {
            let name = path.last().cloned().unwrap_or_default();
            all.push((path, name));
        }
        UseTree::Name(tree) => {
            path.push(tree.ident.to_string());
            all.push((path, tree.ident.to_string()));
        }
        UseTree::Rename(tree) => {
            path.push(tree.ident.to_string());
            all.push((path, tree.rename.to_string()));
        }
        UseTree::Glob(_) => all.push((path, "*".into())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, path.clone(), all)),
    }
}

/// Paths outside of `use`, as written, at any depth of the code.
struct Paths(BTreeSet<Names>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if !of_tests(attributes(item)) && !matches!(item, Item::Mod(_) | Item::Use(_)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !of_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }
}

impl Sources {
    /// Reads the module at `path` from its items and all below it; files of its children lie in `folder`.
    fn read(&mut self, path: &Names, folder: &Path, items: &[Item]) {
        let items: Vec<&Item> = items.iter().filter(|item| !of_tests(attributes(item))).collect();
        let mut names = BTreeMap::new();
        for item in &items {
            if let Item::Mod(child) = item {
                let name = child.ident.to_string();
                let below = [path.clone(), vec![name.clone()]].concat();
                match &child.content {
                    Some((_, items)) => self.read(&below, &folder.join(&name), items),
                    None => self.read_file(&below, &folder.join(&name)),
                }
                names.insert(name, Meaning::Below);
            } else if let Some(name) = defined(item) {
                names.insert(name, Meaning::Here);
            }
        }
        let (mut globs, mut named, mut paths) = (Vec::new(), BTreeSet::new(), Paths(BTreeSet::new()));
        for item in items {
            let Item::Use(import) = item else {
                paths.visit_item(item);
                continue;
            };
            let mut all = Vec::new();
            leaves(&import.tree, Vec::new(), &mut all);
            for (written, name) in all {
                let Some(target) = from_root(path, &names, &written) else { continue };
                if matches!(import.vis, Visibility::Inherited) {
                    named.insert(target.clone());
                }
                match name.as_str() {
                    "*" => globs.push(target),
                    _ => drop(names.entry(name).or_insert(Meaning::Elsewhere(target))),
                }
            }
        }
        named.extend(paths.0.iter().filter_map(|written| from_root(path, &names, written)));
        self.0.insert(path.clone(), Module { names, globs, named });
    }

    /// Reads the file of a module, `stem.rs` or `stem/mod.rs`.
    fn read_file(&mut self, path: &Names, stem: &Path) {
        let file = [stem.with_extension("rs"), stem.join("mod.rs")].into_iter().find(|file| file.exists()).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let folder = if path.is_empty() { stem.parent().unwrap() } else { stem };
        self.read(path, folder, &syn::parse_file(&text).unwrap().items);
    }

    /// The module that defines what `path` names.
    fn home(&self, path: &[String]) -> Option<&Names> {
        let mut at: Names = Vec::new();
        for (depth, name) in path.iter().enumerate() {
            let (here, module) = self.0.get_key_value(&at)?;
            let rest = &path[depth + 1..];
            match module.names.get(name) {
                Some(Meaning::Below) => at.push(name.clone()),
                Some(Meaning::Here) => return Some(here),
                Some(Meaning::Elsewhere(target)) if target != path => return self.home(&[target, rest].concat()),
                Some(Meaning::Elsewhere(_)) => return None,
                None => {
                    let through = |glob: &Names| self.home(&[glob.as_slice(), &path[depth..]].concat());
                    return module.globs.iter().filter(|glob| **glob != at).find_map(through);
                }
            }
        }
        self.0.get_key_value(&at).map(|(here, _)| here)
    }

    /// Every arrow between modules, from the one that names something to the one that defines it.
    fn arrows(&self) -> BTreeSet<(&Names, &Names)> {
        let named = self.0.iter().flat_map(|(from, module)| module.named.iter().map(move |path| (from, path)));
        named.filter_map(|(from, path)| Some((from, self.home(path)?))).collect()
    }

    /// For each room the rooms beside it that it needs. A room is a module with all that lies below it.
    fn rooms(&self) -> BTreeMap<&[String], BTreeSet<&[String]>> {
        let mut rooms: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
        for (from, to) in self.arrows() {
            let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
            if common < from.len().min(to.len()) {
                rooms.entry(&from[..=common]).or_default().insert(&to[..=common]);
            }
        }
        rooms
    }
}

/// A path as written in the module `at`, seen from the root; none where it leads out of the crate.
fn from_root(at: &Names, names: &BTreeMap<String, Meaning>, written: &[String]) -> Option<Names> {
    let (first, rest) = written.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([at, rest].concat()),
        "super" => {
            let up = rest.iter().take_while(|name| *name == "super").count();
            Some([&at[..at.len() - 1 - up], &rest[up..]].concat())
        }
        name => match names.get(name)? {
            Meaning::Here | Meaning::Below => Some([at, written].concat()),
            Meaning::Elsewhere(target) => Some([target, rest].concat()),
        },
    }
}

/// The rooms from `start` along arrows back to it, where there is such a way.
fn circle<'a>(rooms: &BTreeMap<&'a [String], BTreeSet<&'a [String]>>, start: &'a [String]) -> Option<Vec<String>> {
    let mut ways: VecDeque<Vec<&[String]>> = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| rooms.get(last)).into_iter().flatten() {
            let longer = [way.as_slice(), &[*next]].concat();
            if *next == start {
                return Some(longer.iter().map(|room| room.join("::")).collect());
            }
            if seen.insert(*next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

/// Every circle of rooms below the file of a crate's root, as a way through its rooms.
fn circles(root: &Path) -> Vec<String> {
    let mut sources = Sources::default();
    sources.read_file(&Vec::new(), &root.with_extension(""));
    let rooms = sources.rooms();
    rooms.keys().filter_map(|start| circle(&rooms, start)).map(|way| way.join(" -> ")).collect()
}

#[test]
fn no_rooms_of_a_crate_need_each_other_in_a_circle() {
    let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"));
    let mut roots = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        let source = entry.unwrap().path().join("src");
        roots.extend(["lib.rs", "main.rs"].map(|root| source.join(root)).into_iter().filter(|root| root.exists()));
    }
    assert!(roots.len() > 12, "{roots:?}");
    let found: Vec<String> = roots.iter().flat_map(|root| circles(root)).collect();
    assert!(found.is_empty(), "{} rooms stand in a circle:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_circle_is_found_through_re_exports_and_inside_functions() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use c::*;");
    write("a.rs", "use crate::C; pub struct A; #[cfg(test)] mod tests { use crate::b::B; }");
    write("b.rs", "use super::A; pub struct B(A);");
    write("c.rs", "pub struct C;");
    assert_eq!(circles(&folder.path().join("lib.rs")), Vec::<String>::new());
    write("c.rs", "pub struct C; fn f() { let _ = crate::b::B::new(); }");
    let expected = ["a -> c -> b -> a", "b -> a -> c -> b", "c -> b -> a -> c"];
    assert_eq!(circles(&folder.path().join("lib.rs")), expected);
}
