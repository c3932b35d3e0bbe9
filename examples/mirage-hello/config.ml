(* config.ml: what `mirage configure` reads. *)
open Mirage

let main = main "Unikernel.Main" (job @-> job)
let () = register "hello" [ main $ noop ]
