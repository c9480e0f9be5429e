//! The script that puts rows back on the writer. It changes nothing before somebody has written COMMIT into it.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use failover::ledger::{Losses, TableIn, TableLoss};

/// The longest first line of a file: a table has 1,600 columns at most.
const HEADER_MAX: u64 = 256 * 1024;

/// Writes the script beside the files; `None` where no row was listed.
///
/// # Errors
/// A sentence that names the file that cannot be read or written.
pub(super) fn script(
    losses: &Losses,
    folder: &Path,
    names: &[String],
) -> Result<Option<PathBuf>, String> {
    let mut parts = Vec::new();
    for table in &losses.tables {
        parts.extend(of_table(table, folder, names)?);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let text = format!("{}{}{END}", beginning(losses), parts.join("\n"));
    let file = folder.join("put-back.sql");
    fs::write(&file, text).map_err(|why| format!("{} cannot be written: {why}", file.display()))?;
    Ok(Some(file))
}

const END: &str = "\n-- Nothing is changed. Write COMMIT in place of it once the counts and the rows above are right.\nROLLBACK;\n";

fn beginning(losses: &Losses) -> String {
    format!(
        "-- What only {} had, compared with the writer of epoch {}. Run it on the writer that takes writes now, in this folder:\n\
         --   psql -h <writer> -U <administrator> -d <database> -f put-back.sql\n\
         -- Look through the files first. A row that was deleted on the writer since stands in them, too, and a deletion that was\n\
         -- lost does not.\n\
         \\set ON_ERROR_STOP on\n\
         BEGIN;\n\n",
        plain(&losses.cluster),
        losses.epoch
    )
}

/// What is done about a table; nothing where nothing of it was listed.
fn of_table(table: &TableLoss, folder: &Path, names: &[String]) -> Result<Vec<String>, String> {
    let of = |kind: &str| {
        let begins = format!("{}/{kind}-0", table.place());
        let names = names.iter().filter(|name| name.starts_with(&begins));
        listed(folder, names)
    };
    let (only_here, differs) = (of("only-here")?, of("differs")?);
    let name = plain(&table.table.table);
    let mut parts = Vec::new();
    if table.found_in == TableIn::Deposed {
        if !only_here.is_empty() {
            parts.push(format!(
                "-- {name}: {} row(s), and the writer has no such table. Make it first, then copy the files into it:\n{}",
                table.only_here,
                only_here.iter().map(|file| format!("--   {}\n", plain(&file.name))).collect::<String>()
            ));
        }
        return Ok(parts);
    }
    if table.wide > 0 {
        parts.push(format!(
            "-- {name}: {} row(s) are too wide to be listed. Their keys alone stand in the files with -keys: copy them by hand.\n",
            table.wide
        ));
    }
    if let Some(columns) = columns(&only_here) {
        parts.push(put_back(table, columns, &only_here));
    }
    if let Some(columns) = columns(&differs) {
        parts.push(side_by_side(table, columns, &differs));
    }
    Ok(parts)
}

/// A file with rows, and its columns.
struct Listed {
    name: String,
    columns: Vec<String>,
}

/// The files that hold rows. Where a batch was read again an empty one stands.
fn listed<'a>(
    folder: &Path,
    names: impl Iterator<Item = &'a String>,
) -> Result<Vec<Listed>, String> {
    let mut files = Vec::new();
    for name in names {
        let file = folder.join(name);
        let header =
            first_line(&file).map_err(|why| format!("{} cannot be read: {why}", file.display()))?;
        let columns = fields(&header);
        if !columns.is_empty() {
            files.push(Listed {
                name: name.clone(),
                columns,
            });
        }
    }
    Ok(files)
}

fn columns(files: &[Listed]) -> Option<&[String]> {
    files.first().map(|file| file.columns.as_slice())
}

fn first_line(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let file = io::Read::take(File::open(file)?, HEADER_MAX);
    BufReader::new(file).read_until(b'\n', &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// The fields of a line of CSV, as the server writes it.
fn fields(line: &str) -> Vec<String> {
    if line.is_empty() {
        return Vec::new();
    }
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

/// Rows that the writer lacks: they are staged, and each is inserted against which no unique key of the writer stands.
fn put_back(table: &TableLoss, columns: &[String], files: &[Listed]) -> String {
    let (_, shared) = split(table, columns);
    let (name, list) = (of_table_name(table), names(&shared, ""));
    format!(
        "-- {}: {} row(s) that the writer lacks.\n{}\
         INSERT INTO {name} ({list}) OVERRIDING SYSTEM VALUE\n  SELECT {list} FROM put_back ON CONFLICT DO NOTHING;\n\
         DROP TABLE put_back;\n",
        plain(&table.table.table),
        table.only_here,
        staged(table, columns, files)
    )
}

/// Rows that the writer has otherwise: both are shown, and nothing is done.
fn side_by_side(table: &TableLoss, columns: &[String], files: &[Listed]) -> String {
    let (_, shared) = split(table, columns);
    let key: Vec<&str> = table.table.key.iter().map(String::as_str).collect();
    format!(
        "-- {}: {} row(s) that the writer has otherwise. Decide about each, and write its UPDATE here.\n{}\
         SELECT 'lost' AS side, {lost} FROM put_back p\n  UNION ALL SELECT 'writer', {writer} FROM {name} t JOIN put_back p USING ({using})\n  \
         ORDER BY {using}, side;\n\
         DROP TABLE put_back;\n",
        plain(&table.table.table),
        table.differs,
        staged(table, columns, files),
        lost = names(&shared, "p."),
        writer = names(&shared, "t."),
        name = of_table_name(table),
        using = names(&key, "")
    )
}

/// The rows of the files in a table of their own, of the writer's types. A column that only the deposed database has is text.
fn staged(table: &TableLoss, columns: &[String], files: &[Listed]) -> String {
    let (own, shared) = split(table, columns);
    let mut text = format!(
        "CREATE TEMPORARY TABLE put_back AS SELECT {} FROM {} WITH NO DATA;\n",
        names(&shared, ""),
        of_table_name(table)
    );
    for column in own {
        text += &format!("ALTER TABLE put_back ADD COLUMN {} text;\n", quoted(column));
    }
    for file in files {
        let list: Vec<&str> = file.columns.iter().map(String::as_str).collect();
        text += &format!(
            "\\copy put_back ({}) from '{}' (format csv, header)\n",
            names(&list, ""),
            file.name.replace('\'', "''")
        );
    }
    text
}

/// The columns that only the deposed database has, and those of both.
fn split<'a>(table: &TableLoss, columns: &'a [String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let all = columns.iter().map(String::as_str);
    all.partition(|column| table.own_columns.iter().any(|own| own == column))
}

fn of_table_name(table: &TableLoss) -> String {
    let (schema, name) = table.table.parts();
    format!("{}.{}", quoted(schema), quoted(name))
}

fn names(columns: &[&str], of: &str) -> String {
    let columns = columns
        .iter()
        .map(|column| format!("{of}{}", quoted(column)));
    columns.collect::<Vec<_>>().join(", ")
}

/// An identifier as SQL takes it, whatever it is. A line break would end a command of psql.
fn quoted(name: &str) -> String {
    format!("\"{}\"", plain(name).replace('"', "\"\""))
}

fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
