//! The model, row by row.

mod calls;
mod given;
mod golden;
mod in_region;
mod looks;
mod random;
mod refusals;
mod restores;
mod sequences;
mod shown;
mod standalone;
mod takeovers;
mod troubles;
mod unknowns;
mod world;
