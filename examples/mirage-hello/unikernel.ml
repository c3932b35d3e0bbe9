(* unikernel.ml: says a line on the console. `mirage configure` wrote it into Key_gen. *)
module Main (_ : sig end) = struct
  let start () =
    print_endline (Key_gen.line ());
    Lwt.return_unit
end
