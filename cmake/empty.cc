// Keeps a module without sources buildable.
