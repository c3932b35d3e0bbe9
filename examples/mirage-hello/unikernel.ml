(* unikernel.ml: says a line on the console. *)
module Main (_ : sig end) = struct
  let start () =
    print_endline "hello from hornero";
    Lwt.return_unit
end
