//! Organisations: who owns cases and employs callers. They form one tree, whose root is the deployment's operator.

pub mod organisations;
