//! The model, row by row.

mod calls;
mod golden;
mod looks;
mod random;
mod refusals;
mod sequences;
mod takeovers;
mod troubles;
mod unknowns;
mod world;
