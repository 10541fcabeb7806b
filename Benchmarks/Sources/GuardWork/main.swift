// One kind of work, so many times: `GuardWork NAME COUNT`. It measures nothing: `Guard/guard.py`
// runs it twice under callgrind, with different counts, and takes the difference.

import Glibc

private let works: [String: (Int) throws -> Void] = [
    "timer": LoopWork.timer,
    "call-function": LoopWork.callFunction,
    "call-closure": LoopWork.callClosure,
    "post": LoopWork.post,
    "receive": TaskWork.receive,
    "yield": TaskWork.yield,
    "sleep": TaskWork.sleep,
    "spawn-loop": TaskWork.spawnOnLoop,
    "spawn-detached": TaskWork.spawnDetached,
    "hop": TaskWork.hop,
]

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 2, let work = works[arguments.first!], let count = Int(arguments.last!)
else {
    print("usage: GuardWork \(works.keys.sorted().joined(separator: "|")) COUNT")
    exit(2)
}
try work(count)
