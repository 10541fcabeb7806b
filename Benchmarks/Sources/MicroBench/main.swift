// The cost of what needs no network: timers, queued calls, posts from other threads, tasks. CPU
// time of the process, kernel included; ours, C's libuv, Swift's default executors, Dispatch and,
// if Peers/setup has built its part, SwiftNIO in turn, several rounds in one run.
//
//     swift run -c release MicroBench [ROUNDS [PART OF A ROW'S NAME]]
//
// What a number of reads of a file leaves behind:
//
//     swift run -c release MicroBench --file-reads 1000000

import Glibc

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == TaskWork.childArgument { try TaskWork.runChild(Array(arguments.dropFirst())) }
if arguments.first == PeerWork.dispatchArgument {
    try PeerWork.runDispatch(Array(arguments.dropFirst()))
    exit(0)
}
if arguments.first == FileReads.soakArgument {
    try FileReads.soak(arguments.dropFirst().first.flatMap(Int.init) ?? 1_000_000)
    exit(0)
}
let rounds = arguments.first.flatMap(Int.init) ?? 7
let wanted = arguments.dropFirst().first ?? ""
if PeerWork.swiftNIO == nil { print("without NIO: to have it, run Benchmarks/Peers/setup nio") }
let table = Table()
let benchmarks = makeBenchmarks().filter { wanted.isEmpty || $0.name.contains(wanted) }
for round in 1...max(1, rounds) {
    // Every other round in reverse, so that neither side always runs on the warmer machine.
    let order = round.isMultiple(of: 2) ? benchmarks.reversed() : benchmarks
    for benchmark in order { try benchmark.run(into: table) }
}
table.print(benchmarks)
