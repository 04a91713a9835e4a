"""A shop whose customers talk with its seller: `fastapi dev`, sign in at `/docs`, open `/rooms/embed/order-1`."""

import os
from typing import Annotated

from fastapi import Body, Depends, FastAPI, HTTPException, Request
from sqlalchemy import create_engine, text
from starlette.middleware.sessions import SessionMiddleware

from alcove import Alcove, Member, Message

SHOP, STAFF = Member("shop", "The shop"), {"sam": "rwm", "cid": "r"}  # Sam sells, Cid delivers
POSTGRES = os.environ.get("DATABASE_URL")  # postgresql://…; without it, two files of SQLite
engine = create_engine(POSTGRES or "sqlite:///shop.db")
with engine.begin() as db:
    db.execute(text("CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, buyer text, state text)"))
    db.execute(text("INSERT INTO orders VALUES ('order-1', 'ada', 'paid') ON CONFLICT DO NOTHING"))
alcove = Alcove(POSTGRES, bus_url=POSTGRES) if POSTGRES else Alcove("sqlite:///alcove.db")


def member(item_id: str, request: Request) -> Member:
    with engine.connect() as db:
        buyer = db.scalar(text("SELECT buyer FROM orders WHERE id = :id"), {"id": item_id})
    user, rights = request.session.get("user"), {buyer: "rw"} | STAFF
    if user is None or buyer is None or user not in rights:
        raise HTTPException(404, "no such order") if user else HTTPException(401, "sign in first")
    return Member(user, user.title(), rights[user])


app = FastAPI(lifespan=alcove.lifespan)
app.add_middleware(SessionMiddleware, secret_key="keep a real one out of the source")
app.include_router(alcove.router(member), prefix="/rooms")


@app.post("/login")
def login(request: Request, user: Annotated[str, Body(embed=True)]) -> None:  # a real shop checks a password
    request.session["user"] = user


@app.post("/logout")
async def logout(request: Request) -> None:
    await alcove.revoke(request.session.pop("user"))


@app.post("/orders/{item_id}/ship")
async def ship(item_id: str, by: Annotated[Member, Depends(member)]) -> None:
    if by.id != "sam":
        raise HTTPException(403, "only the seller ships")
    with engine.begin() as db:
        db.execute(text("UPDATE orders SET state = 'shipped' WHERE id = :id"), {"id": item_id})
        if POSTGRES:  # in the same transaction: both or neither
            db.execute(text("SELECT alcove_event(:id, 'shipped', 'shop', 'The shop', 'Shipped')"), {"id": item_id})
    if not POSTGRES:
        await alcove.event(item_id, "Shipped", by=SHOP, id="shipped")


@alcove.on_message("order-*", name="mail")
async def mail(message: Message) -> None:
    if "sam" not in {member.id for member in (await alcove.members(message.item)).members}:  # he is absent
        print(f"mail to sam: {message.by.name} wrote {message.body!r} about {message.item}", flush=True)
