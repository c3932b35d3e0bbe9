(* unikernel.ml: says a line on the console. *)
let start () =
  print_endline "hello from hornero";
  Lwt.return_unit
