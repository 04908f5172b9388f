//! What a host gets now: sessions, differences, pages, clean syncs.
