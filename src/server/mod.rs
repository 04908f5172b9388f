//! The server: Santa endpoints and admin endpoints over one database.
