(* config.ml: what `mirage configure` reads. *)
open Mirage

let main = main "Unikernel" job
let () = register "hello" [ main ]
