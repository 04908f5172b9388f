//! The admin API from the outside, over HTTP or in process. Returns values; prints nothing.
