//! What users are promised. One line for each subject.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says aloud what it skips")]
#![expect(clippy::disallowed_methods, reason = "tests write the bad files that the program must refuse")]

mod adaptation; // buckets, exploration bill, budgets, alarms, regret of the whole run
mod allocation; // a training step allocates nothing
mod architecture; // where the heavy crates are confined
mod bills; // what a plan says will be bought is what is bought
mod calibration; // what routers expect of their choices, redrawn from decisions
mod circles; // inside a crate, files lean on one another in one direction
mod claims; // what claims name is checked before anything is run
mod command_line; // exit codes, errors that name file, field, rule, value and the nearest known name
mod conformance; // every registered policy, reference and environment keeps its promises
mod damage; // flipped bits and killed runs: found, said, computed again
mod decided; // routers made elsewhere, by their decisions
mod decisions; // switch, don't switch, or what log would decide it, on gateways with known truth
mod dictionary; // keys, metrics and columns of stored files
mod encoder; // prompts to vectors: stored, refused, and as the reference has them
mod evidence; // what intervals on recorded rows stand on
mod examples; // the door for others: a policy, a world, routing and reading in small programs
mod extensions; // policies and worlds that no registry knows
mod feedback; // what of an outcome reaches a policy, and when
mod field_metrics; // what must hold of the metrics of the field, whatever the numbers
mod gaps; // what nobody recorded, and latencies and tokens that somebody did
mod golden; // metrics and statistics beside what other people's programs compute
mod hostile; // names, numbers, folders and shards from strangers
mod information; // no policy learns what it did not pay for
mod learning; // routers that go on learning: as in the simulator, once each, and whatever kills them
mod licences; // every dependency has a licence and a source that .deny.toml allows
mod log_formats; // what gateways and tracers write, in files as they come
mod logs; // long tables, conversations, production logs, pickles; off-policy evaluation
mod malformed; // a thousand malformed inputs over every reader
mod map; // the pages for people: the map of the crates, links, commands and figures
mod model_roles; // models named by the part they play
mod offline; // full labels, on worlds whose right answers are known by hand
mod ope; // trained routers on a log: their value, and the rows that may score them
mod overrides; // values given on the command line
mod real_rows; // our numbers beside an independent implementation's
mod reference; // every key, its rule and meaning; the JSON schema
mod repeats; // equal prompts stay on one side of a split
mod reports; // the same bytes from the same cells; what is missing or foreign is told
mod roles; // a label is a name and nothing else
mod router; // what leaves the laboratory: saved routers, and what they say of bad input
mod same_bytes; // threads, shards, batches, kill and resume, instruction sets
mod schedules; // shifts that can never happen
mod shell; // completions and manual pages
mod shift_effects; // what each shift does to the outcome table, in closed form
mod shifts; // every way in which the world moves
mod sources; // published data sets by name
mod splits; // what belongs together, and splits as files
mod submit; // experiments as the tasks of a scheduler
mod support;
mod sweep; // one policy table that stands for many
mod tuning; // the same number of settings for every policy, and what is stored of them
mod variants; // one environment table that stands for many
mod walkthrough; // the experiments and commands of the front page and the guides run as they are printed
