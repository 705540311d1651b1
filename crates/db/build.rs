//! Migrations are embedded at compile time; a new one must be noticed.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
