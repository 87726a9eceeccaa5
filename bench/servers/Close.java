import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** `java Close.java PORT`: one thread, blocking; reads a request, answers, closes. */
public class Close {
    public static void main(String[] arguments) throws Exception {
        byte[] answer = ("HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n"
            + "Hello, World!").getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[4096];
        try (ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]), 1024)) {
            while (true) {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().read(request);
                    socket.getOutputStream().write(answer);
                } catch (java.io.IOException gone) {
                    // The next connection does not care.
                }
            }
        }
    }
}
