//! Regions, plans and indicators that ship with the project, as data files with their readers.
