// Socket.IO with rooms: what one member sends goes to everyone in the room, the sender included.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  const room = String(socket.handshake.query.room);
  socket.join(room);
  socket.on("send", (body) => io.to(room).emit("entry", body));
});

http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
