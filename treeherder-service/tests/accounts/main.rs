//! Accounts and what they may do, over HTTP against the program (`spec/api.md` §1.2, §8).
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]
#![allow(dead_code, reason = "the support of the program's tests is used in part")]

#[path = "../program/support.rs"]
mod support;

mod browser;
mod history;
mod issuer;
mod site;

mod development;
mod login;
mod pages;
mod permissions;
mod rates;
mod sessions;
mod tokens;
mod writes;
