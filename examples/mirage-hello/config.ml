(* config.ml: what `mirage configure` runs. The line to say is the text in greeting and git's id of
   the pushed tree, which hornero sets. *)
open Mirage

let first_line file =
  let channel = open_in file in
  let line = input_line channel in
  close_in channel;
  line

let tree = Option.value (Sys.getenv_opt "HORNERO_TREE") ~default:"unknown"

let line =
  let doc = Key.Arg.info ~doc:"The line to say." [ "line" ] in
  let text = first_line "greeting" ^ ", tree " ^ tree in
  Key.(create "line" Arg.(opt ~stage:`Configure string text doc))

let main = main ~keys:[ Key.v line ] "Unikernel.Main" (job @-> job)
let () = register "hello" [ main $ noop ]
