"""A shop whose customers talk with its seller about their orders. Start it by `fastapi dev` in this folder."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Body, Depends, FastAPI, HTTPException, Request
from sqlmodel import Field, Session, SQLModel, create_engine
from starlette.middleware.sessions import SessionMiddleware

from alcove import Alcove, Member

SELLER, SHOP = "sam", Member("shop", "The shop")
engine = create_engine("sqlite:///shop.db")


class Order(SQLModel, table=True):
    id: str = Field(primary_key=True)
    buyer: str
    state: str = "paid"


def database() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def member(item_id: str, request: Request, db: Annotated[Session, Depends(database)]) -> Member:
    user, order = request.session.get("user"), db.get(Order, item_id)
    if user is None:
        raise HTTPException(401, "sign in first")
    if order is None or user not in {order.buyer, SELLER}:
        raise HTTPException(404, "no such order")
    return Member(user, user.title(), "rwm" if user == SELLER else "rw")


SQLModel.metadata.create_all(engine)
alcove = Alcove("sqlite:///alcove.db")
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
async def ship(item_id: str, by: Annotated[Member, Depends(member)], db: Annotated[Session, Depends(database)]) -> None:
    if by.id != SELLER:
        raise HTTPException(403, "only the seller ships")
    db.get_one(Order, item_id).state = "shipped"
    db.commit()
    await alcove.send(item_id, "Your order is on its way.", by=SHOP, id=f"shipped-{item_id}")
