//! The model, row by row.

mod calls;
mod random;
mod refusals;
mod sequences;
mod world;
