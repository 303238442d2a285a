//! Where outcome tables come from, one file for each kind of source.
