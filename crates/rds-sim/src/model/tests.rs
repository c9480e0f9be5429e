//! The model, row by row.

mod calls;
mod given;
mod golden;
mod in_region;
mod looks;
mod random;
mod refusals;
mod sequences;
mod shown;
mod takeovers;
mod troubles;
mod unknowns;
mod world;
