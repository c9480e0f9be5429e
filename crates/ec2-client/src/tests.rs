//! Queries as they are sent, and answers as they come. The answers are written by hand after the examples and the shapes of the API
//! reference.

mod read;
mod sent;
