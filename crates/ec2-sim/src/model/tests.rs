//! Tests of the model, whose effects are carried out by a table of what volumes hold.

mod bench;
mod copies;
mod cut_over;
mod describes;
mod random;
mod refusals;
mod troubles;
mod volumes;
